"""Everything a person or a machine touches; the one room with a clock."""
