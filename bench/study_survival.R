# study_survival.R - seconds of R's survival on the cohort that study_survival.py has written; see there.
#
#   Rscript study_survival.R FILE ROWS COVARIATES REPEATS
#
# FILE holds doubles, column after column: covariates, treated, days, event. Prints the best seconds of coxph, and of
# two curves with their log-rank test.

args <- commandArgs(TRUE)
n <- as.numeric(args[2]); p <- as.numeric(args[3]); repeats <- as.numeric(args[4])
suppressPackageStartupMessages(library(survival))
m <- matrix(readBin(args[1], "double", n * (p + 3)), n)
x <- m[, 1:p]; treated <- m[, p + 1]; days <- m[, p + 2]; event <- m[, p + 3]
best <- function(f) min(replicate(repeats, { s <- proc.time()[3]; f(); proc.time()[3] - s }))
inner <- if (n <= 1000) 20 else 1                # the clock of R ticks in milliseconds
cox <- best(function() for (i in 1:inner) coxph(Surv(days, event) ~ x)) / inner
curves <- best(function() for (i in 1:inner) { survfit(Surv(days, event) ~ treated); survdiff(Surv(days, event) ~ treated) }) / inner
cat(cox, curves, "\n")
