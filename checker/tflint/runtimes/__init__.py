"""What each runtime can load and run: profiles as data, and the verdict on a model."""
