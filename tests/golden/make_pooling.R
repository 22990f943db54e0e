# make_pooling.R - meta-analyses of the BCG trials by metafor: common effect, three estimators of tau2, three kinds of
# interval, prediction intervals, Q-profile intervals, leave-one-out.
#
#   Rscript make_pooling.R OUT.json [folder of the CSV file, default "."]
#
# Needs R >= 4.2 with metafor and jsonlite. The stored file was made with R 4.2.2, metafor 3.8.1, jsonlite 1.8.4.
# No entry depends on a random number. Every search is told to converge fully: by default metafor's REML stops 7e-8 and
# its Paule-Mandel 2.5e-5 away from its own optimum, and its Q-profile limits are wrong from the fifth digit on.

args <- commandArgs(TRUE)
out <- args[1]
folder <- if (length(args) > 1) args[2] else "."
suppressPackageStartupMessages({library(metafor); library(jsonlite)})
full <- list(threshold = 1e-15, tol = 1e-16, maxiter = 100000)

d <- read.csv(file.path(folder, "metadat_dat.bcg.csv"))
counts <- function(measure, rows) {
  e <- escalc(measure = measure, ai = tpos, bi = tneg, ci = cpos, di = cneg, data = d[rows, ])
  list(yi = as.numeric(e$yi), vi = as.numeric(e$vi))
}
sets <- list(RR = counts("RR", 1:13), OR = counts("OR", 1:13), RD = counts("RD", 1:13),
             RR_first_four = counts("RR", 1:4),      # few trials, wide intervals
             RR_alike = counts("RR", c(4, 7, 9, 10)),
             RR_no_tau = counts("RR", c(1, 2, 3)),   # less scatter than chance: tau2 is 0
             RR_two = counts("RR", c(4, 8)))         # the least that can be pooled

vec <- function(x) as.numeric(unname(x))
summary_of <- function(f) list(estimate = vec(f$beta), std_error = vec(f$se), low = vec(f$ci.lb), high = vec(f$ci.ub),
                               statistic = vec(f$zval), p = vec(f$pval))
fit <- function(e, method, test, level = 95, rows = seq_along(e$yi))
  rma(e$yi[rows], e$vi[rows], method = method, test = test, level = level, control = full)
limits <- function(f, type) { p <- predict(f, pi.type = type); c(vec(p$pi.lb), vec(p$pi.ub)) }

one <- function(e, method, level) {
  f <- fit(e, method, "z", level)
  r <- list(tau2 = f$tau2, I2 = f$I2, H2 = f$H2, Q = f$QE, Q_p = f$QEp, weights = vec(weights(f)) / 100)
  for (test in c("z", "knha", "adhoc")) {
    g <- fit(e, method, test, level)
    r[[test]] <- c(summary_of(g), list(prediction = limits(g, "default"), prediction_riley = limits(g, "riley")))
  }
  q <- confint(f, type = "QP", level = level, control = list(tol = 1e-16, maxiter = 100000, tau2.max = 1e4))
  r$profile <- if (q$ci.null) NULL else {
    rows <- q$random
    list(tau2 = vec(rows["tau^2", 2:3]), I2 = vec(rows["I^2(%)", 2:3]), H2 = vec(rows["H^2", 2:3]))
  }
  r
}
common <- function(e, level) {
  f <- fit(e, "EE", "z", level)
  c(summary_of(f), list(I2 = f$I2, H2 = f$H2, Q = f$QE, Q_p = f$QEp))
}
without <- function(e, method, test)            # each fit made anew: what leave1out() prints, fully converged
  lapply(seq_along(e$yi), function(i) {
    g <- fit(e, method, test, rows = -i)
    c(summary_of(g), list(tau2 = g$tau2, I2 = g$I2, Q = g$QE))
  })

answer <- list(versions = list(R = R.version.string, metafor = as.character(packageVersion("metafor")),
                               jsonlite = as.character(packageVersion("jsonlite"))))
for (name in names(sets)) {
  e <- sets[[name]]
  for (level in c(95, 90)) {
    key <- paste0(name, "_", level)
    answer[[key]] <- c(e, list(common = common(e, level)))
    for (method in c("DL", "REML", "PM")) answer[[key]][[method]] <- one(e, method, level)
  }
}
for (method in c("EE", "DL", "REML", "PM"))
  answer$leave_one_out[[method]] <- without(sets$RR, method, "z")
answer$leave_one_out_knha <- without(sets$RR, "REML", "knha")
writeLines(toJSON(answer, digits = NA, auto_unbox = TRUE, null = "null", na = "null"), out)
