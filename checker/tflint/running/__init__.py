"""A run over many models: as a stream, in processes that may die, ended early and gone on with."""
