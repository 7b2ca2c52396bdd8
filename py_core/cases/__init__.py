"""Cases: acts in causal order, what they make of a case, what is allowed next, what contradicts itself."""
