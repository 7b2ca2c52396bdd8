"""Views: what people see. Plain values in, HTML text out; no decision of law is made here."""
