# parity_random.R - R's answers for random small cohorts; see parity_random.py.
#
#   Rscript parity_random.R COHORTS.csv OUT.json
#
# Cohort k is fitted with the options in the bits of k: rule for ties, late entries, strata, weights, clusters. A fit
# that R itself calls doubtful (a warning, a coefficient that is NA) is left out.

args <- commandArgs(TRUE)
suppressPackageStartupMessages({library(survival); library(jsonlite)})
full <- coxph.control(eps = 1e-13, iter.max = 100, toler.chol = 1e-14)
one <- function(d) {
  bits <- (d$k[1] %/% 2^(0:4)) %% 2
  formula <- paste(if (bits[2]) "Surv(start, time, event)" else "Surv(time, event)", "~ x1 + x2", if (bits[3]) "+ strata(stratum)")
  d$used <- if (bits[4]) d$weight else 1
  call <- list(as.formula(formula), data = d, weights = quote(used), ties = c("efron", "breslow")[1 + bits[1]], control = full)
  if (bits[5]) call$cluster <- quote(cluster) else call$robust <- FALSE
  tryCatch({
    f <- do.call(coxph, call)
    if (anyNA(coef(f))) return(NULL)
    list(n = f$n, coef = unname(coef(f)), se = unname(sqrt(diag(f$var))), loglik = f$loglik, score_test = f$score,
         concordance = unname(f$concordance["concordance"]), zph = unname(cox.zph(f, terms = FALSE)$table[, "chisq"]))
  }, warning = function(w) NULL, error = function(e) NULL)
}
d <- read.csv(args[1])
found <- lapply(split(d, d$k), one)
write(toJSON(found[!sapply(found, is.null)], auto_unbox = TRUE, digits = NA, na = "null"), args[2])
