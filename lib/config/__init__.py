"""What the user chose: every setting declared once (`schema`), kept in files that survive a power cut (`store`)."""
