"""What a bug report to the maintainers of a converter or runtime needs, in one archive."""
