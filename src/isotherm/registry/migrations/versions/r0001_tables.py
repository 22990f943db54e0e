"""Every table of a registry as it began."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0001", None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "audit",
        sa.Column("entry", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("transaction_id", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("patient_id", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("old", sa.Text(), nullable=True),
        sa.Column("new", sa.Text(), nullable=True),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("entry", name="audit_key"),
    )
    op.create_index("audit_record", "audit", ["patient_id", "kind", "record_id", "revision"], unique=True)
    op.create_table(
        "patient",
        sa.Column("patient_id", sa.Text(), nullable=False),
        sa.Column("center_id", sa.Text(), nullable=True),
        sa.Column("sex", sa.Text(), nullable=True),
        sa.Column("born_on", sa.Date(), nullable=True),
        sa.Column("bmi_kg_m2", sa.Float(), nullable=True),
        sa.Column("diabetes", sa.Boolean(), nullable=True),
        sa.Column("steatosis", sa.Boolean(), nullable=True),
        sa.Column("cirrhosis", sa.Text(), nullable=True),
        sa.Column("consented_on", sa.Date(), nullable=True),
        sa.Column("unknown", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.CheckConstraint("revision >= 1", name="patient_revision"),
        sa.PrimaryKeyConstraint("patient_id", name="patient_key"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "registry",
        sa.Column("registry_id", sa.Text(), nullable=False),
        sa.Column("made_at", sa.Text(), nullable=False),
        sa.Column("made_with", sa.Text(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("registry_id", name="registry_key"),
    )
    op.create_table(
        "death",
        sa.Column("patient_id", sa.Text(), nullable=False),
        sa.Column("died_on", sa.Date(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=True),
        sa.Column("unknown", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.CheckConstraint("revision >= 1", name="death_revision"),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.patient_id"], name="death_patient", initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("patient_id", name="death_key"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "decision",
        sa.Column("patient_id", sa.Text(), nullable=False),
        sa.Column("decision_id", sa.Text(), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column("strategy", sa.Text(), nullable=True),
        sa.Column("tumor_board", sa.Boolean(), nullable=True),
        sa.Column("organ", sa.Text(), nullable=True),
        sa.Column("ecog", sa.Integer(), nullable=True),
        sa.Column("asa", sa.Integer(), nullable=True),
        sa.Column("cea_ug_l", sa.Float(), nullable=True),
        sa.Column("n_lesions", sa.Integer(), nullable=True),
        sa.Column("largest_lesion_mm", sa.Float(), nullable=True),
        sa.Column("distribution", sa.Text(), nullable=True),
        sa.Column("synchronous", sa.Boolean(), nullable=True),
        sa.Column("extrahepatic_disease", sa.Boolean(), nullable=True),
        sa.Column("extrahepatic_all_treatable", sa.Boolean(), nullable=True),
        sa.Column("mediastinal_nodes", sa.Boolean(), nullable=True),
        sa.Column("resectable", sa.Boolean(), nullable=True),
        sa.Column("unknown", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.CheckConstraint("revision >= 1", name="decision_revision"),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.patient_id"], name="decision_patient", initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("patient_id", "decision_id", name="decision_key"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "lesion",
        sa.Column("patient_id", sa.Text(), nullable=False),
        sa.Column("lesion_id", sa.Text(), nullable=False),
        sa.Column("organ", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=True),
        sa.Column("found_on", sa.Date(), nullable=True),
        sa.Column("perihilar", sa.Boolean(), nullable=True),
        sa.Column("peridiaphragmatic", sa.Boolean(), nullable=True),
        sa.Column("tracking_uid", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("unknown", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.CheckConstraint("revision >= 1", name="lesion_revision"),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.patient_id"], name="lesion_patient", initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("patient_id", "lesion_id", name="lesion_key"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "primary",
        sa.Column("patient_id", sa.Text(), nullable=False),
        sa.Column("primary_id", sa.Text(), nullable=False),
        sa.Column("primary", sa.Text(), nullable=False),
        sa.Column("primary_site", sa.Text(), nullable=True),
        sa.Column("net_site", sa.Text(), nullable=True),
        sa.Column("diagnosed_on", sa.Date(), nullable=True),
        sa.Column("resected_on", sa.Date(), nullable=True),
        sa.Column("t_stage", sa.Text(), nullable=True),
        sa.Column("n_stage", sa.Text(), nullable=True),
        sa.Column("ras", sa.Text(), nullable=True),
        sa.Column("braf", sa.Text(), nullable=True),
        sa.Column("microsatellites", sa.Text(), nullable=True),
        sa.Column("net_grade", sa.Text(), nullable=True),
        sa.Column("ki67_percent", sa.Float(), nullable=True),
        sa.Column("unknown", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.CheckConstraint("revision >= 1", name="primary_revision"),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.patient_id"], name="primary_patient", initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("patient_id", "primary_id", name="primary_key"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "scan",
        sa.Column("patient_id", sa.Text(), nullable=False),
        sa.Column("scan_id", sa.Text(), nullable=False),
        sa.Column("scanned_on", sa.Date(), nullable=False),
        sa.Column("modality", sa.Text(), nullable=True),
        sa.Column("purpose", sa.Text(), nullable=True),
        sa.Column("agent", sa.Text(), nullable=True),
        sa.Column("phase", sa.Text(), nullable=True),
        sa.Column("slice_thickness_mm", sa.Float(), nullable=True),
        sa.Column("study_uid", sa.Text(), nullable=True),
        sa.Column("series_uid", sa.Text(), nullable=True),
        sa.Column("unknown", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.CheckConstraint("revision >= 1", name="scan_revision"),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.patient_id"], name="scan_patient", initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("patient_id", "scan_id", name="scan_key"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "session",
        sa.Column("patient_id", sa.Text(), nullable=False),
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("ablated_on", sa.Date(), nullable=False),
        sa.Column("approach", sa.Text(), nullable=True),
        sa.Column("guidance", sa.Text(), nullable=True),
        sa.Column("anesthesia", sa.Text(), nullable=True),
        sa.Column("intent", sa.Text(), nullable=True),
        sa.Column("with_resection", sa.Boolean(), nullable=True),
        sa.Column("discharged_on", sa.Date(), nullable=True),
        sa.Column("operator", sa.Text(), nullable=True),
        sa.Column("unknown", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.CheckConstraint("revision >= 1", name="session_revision"),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.patient_id"], name="session_patient", initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("patient_id", "session_id", name="session_key"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "systemic",
        sa.Column("patient_id", sa.Text(), nullable=False),
        sa.Column("systemic_id", sa.Text(), nullable=False),
        sa.Column("regimen", sa.Text(), nullable=True),
        sa.Column("line", sa.Integer(), nullable=True),
        sa.Column("targeted_agent", sa.Text(), nullable=True),
        sa.Column("started_on", sa.Date(), nullable=False),
        sa.Column("stopped_on", sa.Date(), nullable=True),
        sa.Column("cycles", sa.Integer(), nullable=True),
        sa.Column("response", sa.Text(), nullable=True),
        sa.Column("unknown", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.CheckConstraint("revision >= 1", name="systemic_revision"),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.patient_id"], name="systemic_patient", initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("patient_id", "systemic_id", name="systemic_key"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "ablation",
        sa.Column("patient_id", sa.Text(), nullable=False),
        sa.Column("ablation_id", sa.Text(), nullable=False),
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("lesion_id", sa.Text(), nullable=False),
        sa.Column("modality", sa.Text(), nullable=True),
        sa.Column("device", sa.Text(), nullable=True),
        sa.Column("applicators", sa.Integer(), nullable=True),
        sa.Column("applications", sa.Integer(), nullable=True),
        sa.Column("power_w", sa.Float(), nullable=True),
        sa.Column("minutes", sa.Float(), nullable=True),
        sa.Column("hydrodissection", sa.Boolean(), nullable=True),
        sa.Column("biliary_cooling", sa.Boolean(), nullable=True),
        sa.Column("technically_successful", sa.Boolean(), nullable=True),
        sa.Column("unknown", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.CheckConstraint("revision >= 1", name="ablation_revision"),
        sa.ForeignKeyConstraint(
            ["patient_id", "lesion_id"],
            ["lesion.patient_id", "lesion.lesion_id"],
            name="ablation_lesion_id",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["patient_id", "session_id"],
            ["session.patient_id", "session.session_id"],
            name="ablation_session_id",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.patient_id"], name="ablation_patient", initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("patient_id", "ablation_id", name="ablation_key"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "complication",
        sa.Column("patient_id", sa.Text(), nullable=False),
        sa.Column("complication_id", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("began_on", sa.Date(), nullable=True),
        sa.Column("session_id", sa.Text(), nullable=True),
        sa.Column("ctcae_grade", sa.Integer(), nullable=True),
        sa.Column("ctcae_version", sa.Text(), nullable=True),
        sa.Column("cirse_grade", sa.Text(), nullable=True),
        sa.Column("cirse_version", sa.Text(), nullable=True),
        sa.Column("sir_grade", sa.Text(), nullable=True),
        sa.Column("resolved_on", sa.Date(), nullable=True),
        sa.Column("unknown", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.CheckConstraint("revision >= 1", name="complication_revision"),
        sa.ForeignKeyConstraint(
            ["patient_id", "session_id"],
            ["session.patient_id", "session.session_id"],
            name="complication_session_id",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.patient_id"], name="complication_patient", initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("patient_id", "complication_id", name="complication_key"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "fact",
        sa.Column("patient_id", sa.Text(), nullable=False),
        sa.Column("fact_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("lesion_id", sa.Text(), nullable=True),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("noted_on", sa.Date(), nullable=True),
        sa.Column("origin", sa.Text(), nullable=True),
        sa.Column("unknown", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.CheckConstraint("revision >= 1", name="fact_revision"),
        sa.ForeignKeyConstraint(
            ["patient_id", "lesion_id"],
            ["lesion.patient_id", "lesion.lesion_id"],
            name="fact_lesion_id",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.patient_id"], name="fact_patient", initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("patient_id", "fact_id", name="fact_key"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "follow_up",
        sa.Column("patient_id", sa.Text(), nullable=False),
        sa.Column("follow_up_id", sa.Text(), nullable=False),
        sa.Column("seen_on", sa.Date(), nullable=False),
        sa.Column("scan_id", sa.Text(), nullable=True),
        sa.Column("new_in_organ", sa.Boolean(), nullable=True),
        sa.Column("new_elsewhere", sa.Boolean(), nullable=True),
        sa.Column("untreatable", sa.Boolean(), nullable=True),
        sa.Column("quality_of_life", sa.Float(), nullable=True),
        sa.Column("quality_of_life_instrument", sa.Text(), nullable=True),
        sa.Column("unknown", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.CheckConstraint("revision >= 1", name="follow_up_revision"),
        sa.ForeignKeyConstraint(
            ["patient_id", "scan_id"],
            ["scan.patient_id", "scan.scan_id"],
            name="follow_up_scan_id",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.patient_id"], name="follow_up_patient", initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("patient_id", "follow_up_id", name="follow_up_key"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "reading",
        sa.Column("patient_id", sa.Text(), nullable=False),
        sa.Column("reading_id", sa.Text(), nullable=False),
        sa.Column("lesion_id", sa.Text(), nullable=False),
        sa.Column("scan_id", sa.Text(), nullable=False),
        sa.Column("diameter_mm", sa.Float(), nullable=True),
        sa.Column("second_diameter_mm", sa.Float(), nullable=True),
        sa.Column("third_diameter_mm", sa.Float(), nullable=True),
        sa.Column("volume_ml", sa.Float(), nullable=True),
        sa.Column("zone_volume_ml", sa.Float(), nullable=True),
        sa.Column("to_vessel_mm", sa.Float(), nullable=True),
        sa.Column("to_bile_duct_mm", sa.Float(), nullable=True),
        sa.Column("to_bowel_mm", sa.Float(), nullable=True),
        sa.Column("to_capsule_mm", sa.Float(), nullable=True),
        sa.Column("enhancement", sa.Boolean(), nullable=True),
        sa.Column("reader", sa.Text(), nullable=True),
        sa.Column("unknown", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.CheckConstraint("revision >= 1", name="reading_revision"),
        sa.ForeignKeyConstraint(
            ["patient_id", "lesion_id"],
            ["lesion.patient_id", "lesion.lesion_id"],
            name="reading_lesion_id",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["patient_id", "scan_id"],
            ["scan.patient_id", "scan.scan_id"],
            name="reading_scan_id",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.patient_id"], name="reading_patient", initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("patient_id", "reading_id", name="reading_key"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "finding",
        sa.Column("patient_id", sa.Text(), nullable=False),
        sa.Column("finding_id", sa.Text(), nullable=False),
        sa.Column("follow_up_id", sa.Text(), nullable=False),
        sa.Column("lesion_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("unknown", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.CheckConstraint("revision >= 1", name="finding_revision"),
        sa.ForeignKeyConstraint(
            ["patient_id", "follow_up_id"],
            ["follow_up.patient_id", "follow_up.follow_up_id"],
            name="finding_follow_up_id",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["patient_id", "lesion_id"],
            ["lesion.patient_id", "lesion.lesion_id"],
            name="finding_lesion_id",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.patient_id"], name="finding_patient", initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("patient_id", "finding_id", name="finding_key"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "margin",
        sa.Column("patient_id", sa.Text(), nullable=False),
        sa.Column("margin_id", sa.Text(), nullable=False),
        sa.Column("lesion_id", sa.Text(), nullable=False),
        sa.Column("ablation_id", sa.Text(), nullable=True),
        sa.Column("scan_id", sa.Text(), nullable=False),
        sa.Column("before_scan_id", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("minimal_margin_mm", sa.Float(), nullable=True),
        sa.Column("low_mm", sa.Float(), nullable=True),
        sa.Column("high_mm", sa.Float(), nullable=True),
        sa.Column("level_percent", sa.Float(), nullable=True),
        sa.Column("under_0_percent", sa.Float(), nullable=True),
        sa.Column("under_5_percent", sa.Float(), nullable=True),
        sa.Column("under_10_percent", sa.Float(), nullable=True),
        sa.Column("uncovered_ml", sa.Float(), nullable=True),
        sa.Column("zone_volume_ml", sa.Float(), nullable=True),
        sa.Column("vessel_bridging", sa.Boolean(), nullable=True),
        sa.Column("registration", sa.Text(), nullable=True),
        sa.Column("registration_error_mm", sa.Float(), nullable=True),
        sa.Column("gates", sa.Text(), nullable=True),
        sa.Column("software", sa.Text(), nullable=True),
        sa.Column("settings", sa.Text(), nullable=True),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("reader", sa.Text(), nullable=True),
        sa.Column("unknown", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.CheckConstraint("revision >= 1", name="margin_revision"),
        sa.ForeignKeyConstraint(
            ["patient_id", "ablation_id"],
            ["ablation.patient_id", "ablation.ablation_id"],
            name="margin_ablation_id",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["patient_id", "before_scan_id"],
            ["scan.patient_id", "scan.scan_id"],
            name="margin_before_scan_id",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["patient_id", "lesion_id"],
            ["lesion.patient_id", "lesion.lesion_id"],
            name="margin_lesion_id",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["patient_id", "scan_id"],
            ["scan.patient_id", "scan.scan_id"],
            name="margin_scan_id",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.patient_id"], name="margin_patient", initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("patient_id", "margin_id", name="margin_key"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Remove the tables, with everything in them."""
    op.drop_table("margin")
    op.drop_table("finding")
    op.drop_table("reading")
    op.drop_table("follow_up")
    op.drop_table("fact")
    op.drop_table("complication")
    op.drop_table("ablation")
    op.drop_table("systemic")
    op.drop_table("session")
    op.drop_table("scan")
    op.drop_table("primary")
    op.drop_table("lesion")
    op.drop_table("decision")
    op.drop_table("death")
    op.drop_table("registry")
    op.drop_table("patient")
    op.drop_index("audit_record", table_name="audit")
    op.drop_table("audit")
