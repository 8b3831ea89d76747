"""What a class means in tables: plain data, sealed before first use. Stands on `sql` and knows no instances."""
