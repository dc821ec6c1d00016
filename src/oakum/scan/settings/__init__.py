"""Privacy settings of test accounts: changed when allowed, waited for, and put back."""
