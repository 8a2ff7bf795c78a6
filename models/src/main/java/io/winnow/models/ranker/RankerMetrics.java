package io.winnow.models.ranker;

import java.util.List;

/**
 * How a ranker did on the latest requests, which neither training nor calibration saw.
 *
 * @param heads one an objective
 * @param ndcg10 mean NDCG@10 of the score over the requests with an outcome, gains as weighted; NaN
 *     if there are none
 * @param trainRows rows trained on
 * @param testRows rows measured on
 */
public record RankerMetrics(List<Head> heads, double ndcg10, int trainRows, int testRows) {
  /** Copies the list. */
  public RankerMetrics {
    heads = List.copyOf(heads);
  }

  /**
   * One objective.
   *
   * @param objective its name
   * @param positives outcomes among the rows measured on
   * @param auc area under the ROC curve; NaN without both kinds of row
   * @param logLoss mean, natural logarithm, calibrated
   * @param eceRaw expected calibration error before calibration
   * @param ece expected calibration error as served
   */
  public record Head(
      String objective, int positives, double auc, double logLoss, double eceRaw, double ece) {}
}
