"""The city's own document: the centre's recorded acts about the law in force, and what they add up to."""

from py_core.city.document import CITY_ID, CityFact, fold_acts
from py_core.city.rules import CityRules, city_rules

__all__ = ["CITY_ID", "CityFact", "CityRules", "city_rules", "fold_acts"]
