"""Speed of the screens on a large database, against baselines in the same run."""
