"""Salesforce CRM Analytics: schedules of dataflows, recipes and data syncs."""
