"""Does the product lose, leave or mix up anything when processes die, requests are hostile and days are long?"""
