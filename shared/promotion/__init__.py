"""Who wins: the rules, and one round of judging by them."""
