"""What goes wrong on Acme's boards: rules, and the boards as targets."""
