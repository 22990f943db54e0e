# make_competing.R - competing risks, clustered outcomes and agreement: what make_reference.R leaves out of them.
#
#   Rscript make_competing.R OUT.json [folder of the CSV files, default "."]
#
# Needs R >= 4.2 with survival, cmprsk, geepack, clubSandwich, vcd, pROC and jsonlite. The stored file was made with
# R 4.2.2, survival 3.5.3, cmprsk 2.2.11, geepack 1.3.9, clubSandwich 0.5.8, vcd 1.4.11, pROC 1.18.0, jsonlite 1.8.4.
# No entry depends on a random number: weights, entries and readers are arithmetic of the row number.
# crr is told to converge fully (gtol 1e-13); make_reference.R keeps its default, which stops up to 1e-7 away.

args <- commandArgs(TRUE)
out <- args[1]
folder <- if (length(args) > 1) args[2] else "."
suppressPackageStartupMessages({library(survival); library(cmprsk); library(geepack); library(jsonlite)})
vec <- function(x) as.numeric(unname(x))
R <- list(versions = lapply(setNames(nm = c("survival", "cmprsk", "geepack", "clubSandwich", "vcd", "pROC")),
                            function(p) as.character(packageVersion(p))))
R$versions$R <- R.version.string

# colon: one row per patient; 1 recurrence, 2 death without one
d <- read.csv(file.path(folder, "survival_colon.csv"))
two <- merge(d[d$etype == 1, ], setNames(d[d$etype == 2, c("id", "time", "status")], c("id", "dtime", "dstatus")))
two$ev <- ifelse(two$status == 1, 1, ifelse(two$dstatus == 1, 2, 0))
two$et <- pmin(ifelse(two$status == 1, two$time, two$dtime), two$dtime)
two <- two[order(two$id), ]
k <- seq_len(nrow(two))
two$w <- 0.3 + ((37 * k) %% 101) / 50                     # 0.3 to 2.3
two$start <- pmin((53 * k) %% 400, two$et - 1)            # late entries, up to day 399
two$group <- (7 * k) %% 150                               # clusters
two$month <- ceiling(two$et / 30.4375)                    # heavy ties
two <- two[two$et > 1, ]
two$state <- factor(two$ev, 0:2)

# ---- Aalen-Johansen
times <- c(30, 365, 730, 1095, 1825, 2500)
curve <- function(f) {
  s <- summary(f, times = times)
  list(time = s$time, risk = unname(s$pstate[, 2:3]), std_error = unname(s$std.err[, 2:3]), low = unname(s$lower[, 2:3]),
       high = unname(s$upper[, 2:3]), at_risk = unname(s$n.risk[, 1]))
}
for (type in c("log", "log-log", "plain", "logit"))   # survfit loses the arcsine limits of its states
  R$incidence[[paste0("plain_", type)]] <- curve(survfit(Surv(et, state) ~ 1, two, conf.type = type))
R$incidence$weights <- curve(survfit(Surv(et, state) ~ 1, two, weights = w, id = id))
# survfit takes no clusters of several ids for states: the influences that it returns are summed within them here
clustered <- function(f, w, group) {
  row <- findInterval(times, f$time)
  error <- sapply(2:3, function(k) sqrt(colSums(rowsum(w * f$influence.pstate[, row + 1, k], group)^2)))
  list(time = times, risk = unname(f$pstate[row, 2:3]), std_error = unname(error))
}
R$incidence$weights_cluster <- clustered(survfit(Surv(et, state) ~ 1, two, weights = w, id = id, influence = TRUE), two$w, two$group)
R$incidence$late <- curve(survfit(Surv(start, et, state) ~ 1, two, id = id))
R$incidence$late_weights <- curve(survfit(Surv(start, et, state) ~ 1, two, weights = w, id = id))
R$incidence$late_weights_cluster <- clustered(survfit(Surv(start, et, state) ~ 1, two, weights = w, id = id, influence = TRUE), two$w, two$group)
times <- c(1, 12, 24, 36, 60, 80)
R$incidence$months <- curve(survfit(Surv(month, state) ~ 1, two))
split <- survSplit(Surv(et, state) ~ ., two, cut = c(400, 900), start = "begin", end = "stop", event = "what")
times <- c(30, 365, 730, 1095, 1825, 2500)
R$incidence$split <- curve(survfit(Surv(begin, stop, what) ~ 1, split, id = id))
# a curve that comes down to 0, all of its rows
small <- data.frame(t = c(1, 2, 2, 3, 4, 4, 5, 6, 6), s = factor(c(1, 2, 1, 0, 2, 2, 1, 1, 2), 0:2))
f <- survfit(Surv(t, s) ~ 1, small)
R$incidence$to_zero <- list(time = f$time, risk = unname(f$pstate[, 2:3]), std_error = unname(f$std.err[, 2:3]))

# ---- cuminc and Gray's test
gray <- function(...) { g <- cuminc(...); list(tests = unname(g$Tests[, "stat"]), p = unname(g$Tests[, "pv"]), df = unname(g$Tests[, "df"])) }
variance <- function(time, ...) { g <- timepoints(cuminc(...), time); list(time = time, risk = unname(g$est), variance = unname(g$var)) }
R$cuminc <- list(days = variance(c(30, 365, 730, 1095, 1825, 2500), two$et, two$ev),
                 months = variance(c(1, 12, 24, 36, 60, 80), two$month, two$ev))
four <- two$sex + 2 * two$obstruct
R$gray <- list(days = gray(two$et, two$ev, two$rx), months = gray(two$month, two$ev, two$rx),
               rho1 = gray(two$et, two$ev, two$rx, rho = 1), four = gray(two$month, two$ev, four),
               strata_rho = gray(two$month, two$ev, two$rx, strata = two$sex, rho = .5),
               many_strata = gray(two$month, two$ev, two$sex, strata = two$extent + 10 * two$obstruct),
               three_causes = gray(two$month, ifelse(two$ev == 1 & two$sex == 1, 3, two$ev), two$rx))

# ---- Fine-Gray
crr_of <- function(time, status, x, ...) {
  f <- crr(time, status, as.matrix(x), gtol = 1e-13, maxiter = 60, ...)
  list(coef = vec(f$coef), se = vec(sqrt(diag(f$var))), covariance = unname(f$var), loglik = f$loglik, loglik_null = f$loglik.null)
}
z <- two[!is.na(two$nodes), ]
X <- data.frame(lev = z$rx == "Lev", fu = z$rx == "Lev+5FU", age = z$age, sex = z$sex, nodes = z$nodes) * 1
R$fine_gray <- list(recurrence = crr_of(z$et, z$ev, X), death = crr_of(z$et, z$ev, X, failcode = 2),
                    months = crr_of(z$month, z$ev, X), months_death = crr_of(z$month, z$ev, X, failcode = 2),
                    censoring_groups = crr_of(z$month, z$ev, X, cengroup = z$sex),
                    no_censoring = crr_of(z$month[z$ev > 0], z$ev[z$ev > 0], X[z$ev > 0, ]),
                    no_competing = crr_of(z$month, 1 * (z$ev == 1), X))
m <- read.csv(file.path(folder, "MASS_Melanoma.csv"))
R$fine_gray$melanoma <- crr_of(m$time, ifelse(m$status == 1, 1, ifelse(m$status == 3, 2, 0)), m[, c("sex", "age", "thickness", "ulcer")])

# ---- GEE: death within a year among patients of an institution, and a number (weight loss)
lung <- read.csv(file.path(folder, "survival_lung.csv"))
lung$year <- 1 * (lung$status == 2 & lung$time <= 365)
lung$one <- 2 - lung$sex
lung <- lung[!is.na(lung$inst) & !is.na(lung$wt.loss), ]
lung <- lung[order(lung$inst), ]
# corrections from their formulas, in plain matrices: Mancl and DeRouen 2001, Kauermann and Carroll 2001, Morel 2003
corrected <- function(f, alpha, link, family) {
  x <- model.matrix(f); y <- f$y; b <- coef(f); mu <- vec(fitted(f)); id <- f$id
  v <- switch(family, binomial = mu * (1 - mu), poisson = mu, gaussian = rep(1, length(mu)))
  D <- switch(link, logit = mu * (1 - mu), log = mu, identity = rep(1, length(mu))) * x
  cl <- split(seq_along(y), id); p <- ncol(x); n <- length(y); K <- length(cl)
  Vi <- lapply(cl, function(i) solve(diag(sqrt(v[i]), length(i)) %*% (diag(1 - alpha, length(i)) + alpha) %*% diag(sqrt(v[i]), length(i))))
  B <- Reduce(`+`, Map(function(i, V) t(D[i, , drop = FALSE]) %*% V %*% D[i, , drop = FALSE], cl, Vi)); M <- solve(B)
  half <- function(A) { e <- eigen(A); Re(e$vectors %*% diag(1 / sqrt(e$values), length(e$values)) %*% solve(e$vectors)) }
  meat <- function(adjust) Reduce(`+`, Map(function(i, V) {
    Di <- D[i, , drop = FALSE]; H <- Di %*% M %*% t(Di) %*% V
    u <- t(Di) %*% V %*% adjust(diag(length(i)) - H) %*% (y - mu)[i]; u %*% t(u) }, cl, Vi))
  U <- t(mapply(function(i, V) vec(t(D[i, , drop = FALSE]) %*% V %*% (y - mu)[i]), cl, Vi))
  U <- sweep(U, 2, colMeans(U))
  MB <- (n - 1) / (n - p) * K / (K - 1) * t(U) %*% U
  delta <- min(.5, p / (K - p)); phi <- max(1, sum(diag(MB %*% M)) / p)
  list(none = unname(M %*% meat(diag_of) %*% M), mancl_derouen = unname(M %*% meat(solve) %*% M),
       kauermann_carroll = unname(M %*% meat(half) %*% M), morel = unname(M %*% MB %*% M + delta * phi * M))
}
diag_of <- function(A) diag(nrow(A))
gee <- function(formula, family, corstr, link, data = lung) {
  f <- do.call(geeglm, list(formula, family = family, id = data$inst, data = data, corstr = corstr,
                            control = geese.control(epsilon = 1e-13, maxit = 200)))
  alpha <- if (corstr == "independence") 0 else vec(f$geese$alpha)
  list(coef = vec(coef(f)), se = vec(sqrt(diag(f$geese$vbeta))), alpha = alpha, phi = vec(f$geese$gamma),
       corrected = corrected(f, alpha, link, f$family$family))
}
for (corstr in c("independence", "exchangeable")) {
  R$gee[[paste0("logit_", corstr)]] <- gee(year ~ one + age + ph.karno, binomial(), corstr, "logit")
  R$gee[[paste0("log_", corstr)]] <- gee(year ~ one + age, poisson(), corstr, "log")
  R$gee[[paste0("identity_", corstr)]] <- gee(year ~ one + age, gaussian(), corstr, "identity")
}
# not exchangeable: its equations have a second root, at a correlation that institutions of this size cannot have
R$gee$number_independence <- gee(wt.loss ~ one + age, gaussian(), "independence", "identity")
d$three <- 1 * (d$status == 1 & d$time <= 1095); d$inst <- d$id   # both events of a patient: strongly correlated
R$gee$pairs <- gee(three ~ obstruct + age, binomial(), "exchangeable", "logit", d[order(d$id), ])
R$gee$number_pairs <- gee(time / 365.25 ~ obstruct + age, gaussian(), "exchangeable", "identity", d[order(d$id), ])
g <- glm(year ~ one + age + ph.karno, binomial(), lung, control = list(epsilon = 1e-14, maxit = 50))
R$gee$club_sandwich <- lapply(c(none = "CR0", mancl_derouen = "CR3"),
                              function(type) unname(as.matrix(clubSandwich::vcovCR(g, cluster = lung$inst, type = type))))

# ---- agreement, accuracy, ranks
data("MSPatients", package = "vcd")
kappas <- function(t) {
  ks <- list(none = vcd::Kappa(t), linear = vcd::Kappa(t, weights = "Equal-Spacing"), quadratic = vcd::Kappa(t, weights = "Fleiss-Cohen"))
  lapply(names(ks), function(n) { s <- if (n == "none") "Unweighted" else "Weighted"
    list(weights = n, value = vec(ks[[n]][[s]]["value"]), se = vec(ks[[n]][[s]]["ASE"]), limits = vec(confint(ks[[n]])[s, ])) })
}
tables <- list(unname(MSPatients[, , 1]), unname(MSPatients[, , 2]), matrix(c(20, 5, 10, 15), 2), matrix(c(45, 2, 3, 0), 2))
R$kappa <- lapply(tables, function(t) list(table = matrix(as.numeric(t), nrow(t)), kappas = kappas(as.table(t))))
paper <- list(margin = c(11, 3, 15, 25), vessel = c(11, 3, 9, 31), enhancement = c(10, 4, 25, 15))
R$paper <- lapply(paper, function(x) { f <- fisher.test(matrix(x, 2, byrow = TRUE)); list(counts = x, p = f$p.value) })
counts <- list(c(0, 10), c(11, 14), c(3, 17), c(25, 40), c(10, 10), c(1, 400))
R$proportion <- lapply(counts, function(x) list(counts = x, wilson = vec(suppressWarnings(prop.test(x[1], x[2], correct = FALSE))$conf.int),
                                                clopper_pearson = vec(binom.test(x[1], x[2])$conf.int)))
veteran <- read.csv(file.path(folder, "survival_veteran.csv"))
rank_sum <- function(x, y, ...) { t <- suppressWarnings(wilcox.test(x, y, ...)); list(x = x, y = y, W = vec(t$statistic), p = t$p.value) }
R$wilcoxon <- list(exact = rank_sum(c(1.83, 0.5, 1.62, 2.48, 1.68, 1.88), c(0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.07)),
                   ties = rank_sum(c(1, 2, 2, 3, 5, 8), c(2, 3, 4, 4, 9, 9, 12)),
                   many = rank_sum(veteran$karno[veteran$trt == 1], veteran$karno[veteran$trt == 2]),
                   equal = rank_sum(c(1, 2, 3, 4), c(1, 2, 3, 4)), apart = rank_sum(1:5, 11:16))
R$auc <- lapply(R$wilcoxon[c("exact", "ties", "many")], function(t) {
  r <- pROC::roc(rep(1:0, c(length(t$x), length(t$y))), c(t$x, t$y), quiet = TRUE, direction = "<")
  list(auc = vec(r$auc), variance = pROC::var(r, method = "delong")) })

write(toJSON(R, auto_unbox = TRUE, digits = NA, pretty = FALSE, na = "null"), out)
