"""The workbook that sets up a new province or commune: agencies and officers, procedures, processes."""
