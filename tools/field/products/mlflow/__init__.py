"""MLflow: experiments, runs and traces; with accounts, each experiment has its own permissions."""
