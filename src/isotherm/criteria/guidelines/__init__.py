"""One file per source and edition; each holds one GUIDELINE and is found by lying here."""
