"""Every error that isotherm raises on purpose, and the exit code each one ends a command with.

* IsothermError                (exit 1)
  + InputError                 (exit 2: what came in cannot be used; the message says what to do)
    - UnreadableFile           the file is missing, truncated, or not an image
    - BadGeometry              an image that is not a 3-D grid of right-angled voxels in the patient
    - BadVoxels                voxel values that are not a mask or an image (NaN, out of range)
    - EmptyMask                a mask without a single voxel where one is needed
    - NoSuchLabel              a label or segment name that the file does not hold
    - NoSuchSeries             a series that a DICOM folder does not hold, or one of several that must be named
    - PairInDoubt              images that seem to be of two patients, or not before and after, asked as a question
    - FieldsApart              images that do not meet in space
    - ImplausibleMask          a mask that cannot be what it is said to be
    - BadLandmarks             points of two scans that do not pair, or are none
    - BadStroke                a stroke of the brush that cannot be painted
    - NotAcceptable            a measurement that must not go into a registry
      x SizeInDoubt            one of a lesion of another size, until somebody says that it is this one
      x SidesInDoubt           one of scans that look swapped, until somebody says why they are right
    - OutlineLeaks             a lesion whose outline runs on to where nobody pointed
    - SegmenterFailed          another program that was to make a mask and did not
    - BadSetting               an option or a setting outside of its range
    - BadManifest              a list of cases that cannot be used
    - BadColumn                a column of a table whose values cannot be used
    - BadTable                 a table that cannot be read, or whose rows cannot be told apart
    - BadPredicate             a condition on columns that cannot be read, or does not fit their types
    - BadForm                  a file of keys and values that cannot be used, with every problem in it
      x BadProtocol            a study protocol
      x BadScenario            a scenario of simulated patients
      x BadCase                the facts of a patient, or of a table of them
      x BadCourse              the sessions, scans and systemic lines of a patient
      x BadEvidence            the file of a publication, or a published result in it
      x BadMapping             how a hospital's table becomes records
    - FlowDoesNotAddUp         a flow of patients whose boxes do not add up
    - CannotPool               published effects that must not be pooled as they are
    - BadCurve                 a digitized curve or printed numbers at risk that cannot be right
    - NotAdmitted              a PACS or database that does not let us in, or whose certificate is not trusted
    - NoSuchStudy              a study or a series that a PACS does not hold
    - BadAnswer                a PACS whose answer is not DICOMweb, or contradicts itself
  + FitError                   (exit 1: the data came in whole, but cannot carry the estimate)
    - NotConverged             a fit that reached no finite maximum: separated, collinear or out of steps
    - NothingToCompare         too few arms, events or patients for the question
    - NoOverlap                arms that do not overlap enough: no pair within the caliper, weights that run off
    - OutOfReach               an estimand that these data and this method cannot give
    - CaliperBroken            a matched pair wider apart than its caliper: a fault of isotherm, never of the data
  + StoreError                 (exit 2: a registry that cannot be used, or does not take what it is given)
    - NoRegistry               nothing there, or something else than a registry
    - OtherRevision            a registry whose tables are of an older or a newer isotherm
    - BadRecord                records that are there already, are withdrawn, point to nothing, or are simulated
    - Overtaken                a record that somebody else has changed since it was read
    - DamagedRegistry          a registry that cannot be read any more
  + NoAnswer                   (exit 4: a PACS, a database or a cluster that is not there, is busy or broke off; the
                                same command goes on later)
  + OutputError                (exit 2: the place to write to cannot be used)
"""


class IsothermError(Exception):
    """Base of every error raised on purpose: one sentence on what came, what was wanted, what to do."""

    exit_code = 1
    in_short = "what was asked could not be done"
    """What happened, in words for people who count how often it did; a name of a class is none."""


class InputError(IsothermError):
    """What came in cannot be used."""

    exit_code = 2
    in_short = "data that cannot be used"


class UnreadableFile(InputError):
    """The file is missing, truncated, a directory, or not an image."""


class BadGeometry(InputError):
    """An image that is not a 3-D grid of right-angled voxels in the patient."""


class BadVoxels(InputError):
    """Voxel values that are neither a mask nor an image."""


class EmptyMask(InputError):
    """A mask without a single voxel where one is needed."""


class NoSuchLabel(InputError):
    """A label or segment name that the file does not hold."""


class NoSuchSeries(InputError):
    """A series that a DICOM folder does not hold, or one of several that must be named."""


class PairInDoubt(InputError):
    """Images that seem to be of two patients, or not to be before and after; asked as a question."""


class FieldsApart(InputError):
    """Images that do not meet in space."""


class ImplausibleMask(InputError):
    """A mask that cannot be what it is said to be."""


class BadLandmarks(InputError):
    """Points of two scans that do not pair, lie on each other, or whose frame is not said."""


class BadStroke(InputError):
    """A stroke of the brush that cannot be painted: no places, too long, or outside of the scan."""


class NotAcceptable(InputError):
    """A measurement that must not go into a registry: its registration failed, or somebody measured anew since."""


class SizeInDoubt(NotAcceptable):
    """A margin that is filed under a lesion of another size, and nobody has said yet that it is this one."""


class SidesInDoubt(NotAcceptable):
    """A margin of scans that look swapped, or are one, and nobody has said yet why they are right."""


class OutlineLeaks(InputError):
    """A lesion whose outline runs on to where nobody pointed, or that cannot be told from its surroundings."""


class SegmenterFailed(InputError):
    """Another program that was to make a mask: it is not there, failed, took too long or wrote nothing."""


class BadSetting(InputError):
    """An option or a setting outside of its range."""


class BadManifest(InputError):
    """A list of cases that cannot be used."""


class BadColumn(InputError):
    """A column of a table whose values cannot be used."""


class BadTable(InputError):
    """A table that cannot be read, or whose rows cannot be told apart."""


class BadPredicate(InputError):
    """A condition on columns that cannot be read, or does not fit their types."""


class BadForm(InputError):
    """A file of keys and values that cannot be used, with every problem in it.

    Parameters
    ----------
    problems : pairs of text
        The key that each problem is about, and the sentence on it.
    """

    def __init__(self, *problems: tuple[str, str]) -> None:
        super().__init__("\n".join(sentence for _, sentence in problems))
        self.problems = problems


class BadProtocol(BadForm):
    """A study protocol that cannot be used."""


class BadScenario(BadForm):
    """A scenario of simulated patients that cannot be used."""


class BadCase(BadForm):
    """Facts of a patient, or of a table of patients, that cannot be used; no message holds a value of theirs."""


class BadCourse(BadForm):
    """Sessions, scans or systemic lines of a patient that cannot be used; no message holds a value of theirs."""


class BadEvidence(BadForm):
    """The file of a publication that cannot be used, or a published result in it, with every problem in it."""


class BadMapping(BadForm):
    """A file that says how a hospital's table becomes records, and cannot be used."""


class FlowDoesNotAddUp(InputError):
    """A flow of patients whose boxes do not add up."""


class CannotPool(InputError):
    """Published effects that must not be pooled as they are: overlapping cohorts, mixed measures, no standard error.

    `rules` names those that a recorded reason could set aside.
    """

    def __init__(self, said: str, rules: tuple[str, ...] = ()) -> None:
        super().__init__(said)
        self.rules = rules


class BadCurve(InputError):
    """A digitized curve or printed numbers at risk that cannot be right."""


class NotAdmitted(InputError):
    """A PACS or a database that does not let us in, or whose certificate is not trusted."""


class NoSuchStudy(InputError):
    """A study or a series that a PACS does not hold."""


class BadAnswer(InputError):
    """A PACS whose answer is not DICOMweb, or contradicts itself."""


class NoSoundDesign(InputError):
    """A study whose designs are all barred by what the audit found."""


class FitError(IsothermError):
    """The data came in whole, but cannot carry the estimate that was asked for."""

    in_short = "data that cannot carry the estimate"


class NotConverged(FitError):
    """A fit that reached no finite maximum: separated, collinear or out of steps."""

    in_short = "a fit without a finite maximum"


class NothingToCompare(FitError):
    """Too few arms, events or patients for the question."""

    in_short = "too few arms, events or patients"


class NoOverlap(FitError):
    """Arms that do not overlap enough: no pair within the caliper, or weights that run off."""

    in_short = "arms that do not overlap enough"


class OutOfReach(FitError):
    """An estimand that these data and this method cannot give."""

    in_short = "an estimand that cannot be had"


class CaliperBroken(FitError):
    """A matched pair wider apart than its caliper: a fault of isotherm, never of the data."""

    in_short = "a pair wider apart than its caliper"


class StoreError(IsothermError):
    """A registry that cannot be used, or does not take what it is given."""

    exit_code = 2


class NoRegistry(StoreError):
    """Nothing is there, or something else than a registry."""


class OtherRevision(StoreError):
    """A registry whose tables are of an older or a newer isotherm."""


class BadRecord(StoreError):
    """Records that are there already, are withdrawn, point to nothing, or were simulated where patients are kept.

    No message holds a key or a value of them.

    Parameters
    ----------
    message : str
    places : tuple of int
        Which records of those that came, counted from 0; empty where that is not known.
    """

    def __init__(self, message: str, *, places: tuple[int, ...] = ()) -> None:
        super().__init__(message)
        self.places = places


class Overtaken(StoreError):
    """A record that somebody else has changed since it was read."""


class DamagedRegistry(StoreError):
    """A registry that cannot be read any more."""


class NoAnswer(IsothermError):
    """A PACS, a database or a cluster that is not there, is busy, or broke off; what was finished is kept.

    Parameters
    ----------
    after_s : float
        Seconds that the PACS asked us to wait; 0 where it said nothing.
    """

    exit_code = 4

    def __init__(self, message: str, *, after_s: float = 0.0) -> None:
        super().__init__(message)
        self.after_s = after_s


class OutputError(IsothermError):
    """The place to write to cannot be used."""

    exit_code = 2
