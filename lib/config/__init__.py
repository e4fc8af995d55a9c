"""What the user chose: settings declared once (`schema`), in files (`store`)."""
