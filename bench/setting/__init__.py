"""What benches need before they can measure: a filled record, a server of it, a prepared laptop. Measures nothing."""
