# make_weighted.R - what make_reference.R leaves out: weighted fits, and every combination of weights, strata, late
# entries and clusters under both rules for ties.
#
#   Rscript make_weighted.R OUT.json [folder of the CSV files, default "."]
#
# Needs R >= 4.2 with survival and jsonlite. The stored file was made with R 4.2.2, survival 3.5.3, jsonlite 1.8.4.
# No entry depends on a random number: weights, entries and offsets are arithmetic of the row number.
# coxph is told to converge fully (eps 1e-13), since its default stops at 1e-9 of the log-likelihood.

args <- commandArgs(TRUE)
out <- args[1]
folder <- if (length(args) > 1) args[2] else "."
suppressPackageStartupMessages({library(survival); library(jsonlite)})
full <- coxph.control(eps = 1e-13, iter.max = 60, toler.chol = 1e-14)

# colon: rows of death and of recurrence, complete in the covariates used; two rows per patient, so clusters are real
d <- read.csv(file.path(folder, "survival_colon.csv"))
d <- d[!is.na(d$nodes), ]
k <- seq_len(nrow(d))
d$rxLev <- as.numeric(d$rx == "Lev"); d$rx5FU <- as.numeric(d$rx == "Lev+5FU")
d$w <- 0.3 + ((37 * k) %% 101) / 50                       # 0.3 to 2.3
d$start <- pmin((53 * k) %% 400, d$time - 1)              # late entries, up to day 399
d$shift <- ((17 * k) %% 23) / 23 - 0.5                    # an offset
d$month <- ceiling(d$time / 30.4375)                      # heavy ties
d <- d[d$time > 1 & d$start >= 0, ]
one <- d[d$etype == 2, ]                                  # one row per patient: death

vec <- function(x) as.numeric(unname(x))
fit <- function(f) {
  r <- list(n = f$n, coef = vec(coef(f)), se = vec(sqrt(diag(f$var))), loglik = f$loglik, score_test = vec(f$score),
            wald_test = vec(f$wald.test), concordance = vec(f$concordance["concordance"]))
  if (!is.null(f$naive.var)) r$naive_se <- vec(sqrt(diag(f$naive.var)))
  r
}
zph <- function(f) lapply(c(km = "km", identity = "identity", log = "log", rank = "rank"),
                          function(t) vec(cox.zph(f, transform = t, terms = FALSE)$table[, "chisq"]))
curve <- function(f) {
  s <- summary(f, censored = TRUE)
  list(time = s$time, surv = s$surv, std_error = s$std.err, low = s$lower, high = s$upper, at_risk = s$n.risk,
       cumhaz = f$cumhaz, std_cumhaz = f$std.chaz)
}

R <- list(versions = list(R = R.version.string, survival = as.character(packageVersion("survival"))))

# ---- every combination, on the rows of both events
for (ties in c("efron", "breslow")) for (weights in c(FALSE, TRUE)) for (strata in c(FALSE, TRUE))
  for (late in c(FALSE, TRUE)) for (cluster in c(FALSE, TRUE)) {
    formula <- paste(if (late) "Surv(start, time, status)" else "Surv(time, status)",
                     "~ rxLev + rx5FU + age + nodes", if (strata) "+ strata(etype)")
    call <- list(as.formula(formula), data = d, ties = ties, control = full)
    if (weights) call$weights <- quote(w)
    if (cluster) call$cluster <- quote(id) else call$robust <- FALSE
    f <- do.call(coxph, call)
    name <- paste(c(ties, if (weights) "weights", if (strata) "strata", if (late) "late", if (cluster) "cluster"), collapse = "_")
    R$cox[[name]] <- c(fit(f), list(zph = zph(f)))
  }
R$cox$robust_weights <- fit(coxph(Surv(time, status) ~ rxLev + rx5FU + age + nodes, one, weights = w, robust = TRUE, control = full))
R$cox$offset <- fit(coxph(Surv(time, status) ~ rxLev + rx5FU + age + nodes + offset(shift), one, control = full))
R$cox$months_weights_cluster <- fit(coxph(Surv(month, status) ~ rxLev + rx5FU + age + nodes, d, weights = w, cluster = id, control = full))
# R goes through all sets of m at risk at a time of m deaths, so late entries under the exact rule are asked of lung
lung <- read.csv(file.path(folder, "survival_lung.csv"))
lung$start <- pmin((53 * seq_len(nrow(lung))) %% 90, lung$time - 1)
R$cox$exact_late <- fit(coxph(Surv(start, time, status == 2) ~ sex + age, lung, ties = "exact", control = full))
R$cox$exact_strata <- fit(coxph(Surv(time, status) ~ rxLev + rx5FU + age + strata(sex), one, ties = "exact", control = full))
R$cox$by_inverse_probability <- local({
  p <- fitted(glm(adhere ~ age + sex + nodes + obstruct, binomial, one, control = list(epsilon = 1e-14, maxit = 50)))
  one$ipw <- ifelse(one$adhere == 1, 1 / p, 1 / (1 - p))
  c(fit(coxph(Surv(time, status) ~ adhere, one, weights = ipw, robust = TRUE, control = full)), list(weights = one$ipw))
})

# ---- baseline and residuals, first rows
f <- coxph(Surv(start, time, status) ~ rxLev + rx5FU + age + nodes + strata(sex), one, weights = w, robust = FALSE, control = full)
b <- basehaz(f, centered = FALSE)
rows <- 1:60
R$baseline <- list(time = b$time[c(5, 50, 200, 500, 800)], hazard = b$hazard[c(5, 50, 200, 500, 800)], strata = as.character(b$strata[c(5, 50, 200, 500, 800)]))
R$residuals <- list(martingale = vec(resid(f, "martingale"))[rows], deviance = vec(resid(f, "deviance"))[rows],
                    dfbeta = unname(resid(f, "dfbeta", weighted = TRUE))[rows, ])
g <- coxph(Surv(time, status) ~ rxLev + age + nodes, one, control = full)
R$schoenfeld <- list(raw = unname(resid(g, "schoenfeld"))[rows, ], scaled = unname(cox.zph(g, terms = FALSE, transform = "identity")$y)[rows, ],
                     time = vec(cox.zph(g, transform = "identity")$x)[rows])

# ---- curves
for (ct in c("log", "log-log", "plain", "logit", "arcsin")) {
  R$curve[[paste0("weights_", ct)]] <- curve(survfit(Surv(time, status) ~ 1, one, weights = w, robust = TRUE, conf.type = ct))
  R$curve[[paste0("weights_cluster_", ct)]] <- curve(survfit(Surv(month, status) ~ 1, d, weights = w, cluster = id, conf.type = ct))
}
R$curve$late <- curve(survfit(Surv(start, time, status) ~ 1, one))
R$curve$late_weights_cluster <- curve(survfit(Surv(start, time, status) ~ 1, d, weights = w, cluster = id))
R$curve$all_die <- curve(survfit(Surv(month, rep(1, nrow(one))) ~ 1, one, weights = w, robust = TRUE))

# ---- quantiles on a flat step, and on one that never ends
small <- data.frame(t = c(1, 2, 3, 4, 4, 7, 9, 12), s = c(1, 1, 0, 1, 1, 1, 0, 0), always = 1)
for (case in c("s", "always")) R$quantiles[[case]] <- local({
  q <- quantile(survfit(as.formula(paste("Surv(t,", case, ") ~ 1")), small), c(.1, .25, .5, .75, .9))
  lapply(q, vec)
})

# ---- log-rank
sd <- function(...) { s <- survdiff(...); list(chi_square = s$chisq, observed = rowSums(as.matrix(s$obs)), expected = rowSums(as.matrix(s$exp))) }
R$logrank <- list(rho05 = sd(Surv(time, status) ~ rx, one, rho = .5), strata_rho1 = sd(Surv(month, status) ~ rx + strata(sex, adhere), one, rho = 1),
                  pairs = sd(Surv(time, status) ~ etype + strata(id), d))

# ---- tables of counts
tab <- matrix(c(11, 3, 15, 25), 2, byrow = TRUE)
binary <- function(m) { f <- fisher.test(m); list(table = m, p = f$p.value, odds_ratio = vec(f$estimate), low = f$conf.int[1], high = f$conf.int[2],
  chisq = vec(suppressWarnings(chisq.test(m, correct = FALSE))$statistic), chisq_yates = vec(suppressWarnings(chisq.test(m))$statistic)) }
R$binary <- lapply(list(tab, matrix(c(0, 12, 5, 20), 2, byrow = TRUE), matrix(c(8, 0, 3, 9), 2, byrow = TRUE),
                        matrix(c(120, 880, 95, 905), 2, byrow = TRUE), matrix(c(1, 1, 1, 1), 2)), binary)
R$mcnemar <- list(corrected = vec(mcnemar.test(matrix(c(794, 86, 150, 570), 2))$statistic),
                  plain = vec(mcnemar.test(matrix(c(794, 86, 150, 570), 2), correct = FALSE)$statistic),
                  exact_p = binom.test(3, 15)$p.value)
R$wilson <- lapply(list(c(0, 10), c(3, 17), c(10, 10)), function(x) vec(suppressWarnings(prop.test(x[1], x[2], correct = FALSE))$conf.int))

write(toJSON(R, auto_unbox = TRUE, digits = NA, pretty = FALSE, na = "null"), out)
