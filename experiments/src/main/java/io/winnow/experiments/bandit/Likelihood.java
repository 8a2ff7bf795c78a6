package io.winnow.experiments.bandit;

/** What kind of metric an arm is judged by. */
public enum Likelihood {
  /** Any numbers: the mean is normally distributed around the truth. */
  NORMAL,
  /** 0 or 1, such as conversion: the posterior is a Beta distribution, from a uniform prior. */
  BERNOULLI
}
