"""The law applied to a case: clocks, lights, duties, breaches, explanations."""
