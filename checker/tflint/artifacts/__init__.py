"""Where the bytes of a model are: a file, a member of an archive, a URL; and which of them a run looks at."""
