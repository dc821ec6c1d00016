"""`oakum scan`: does the running API show anybody what the contract denies them?"""
