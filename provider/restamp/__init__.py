"""restamp: bring an Azure Stack Hub stamp back from a runbook in git."""
