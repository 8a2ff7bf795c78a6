package io.winnow.app;

import io.winnow.core.application.ApplicationDefinition;
import io.winnow.core.application.Experiment;
import io.winnow.events.RecordSource;
import io.winnow.experiments.analysis.AnalysisLimits;
import io.winnow.experiments.analysis.AnalysisRequest;
import io.winnow.experiments.analysis.ExperimentAnalysis;
import io.winnow.experiments.analysis.ExperimentReport.BanditResult;
import io.winnow.experiments.bandit.ArmSums;
import io.winnow.experiments.bandit.Period;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What came of a bandit's arms, by the analysis that its report is made of. */
final class BanditResults {
  private BanditResults() {}

  /** The sums of all periods before a moment, by arm; empty before there is a period. */
  static List<ArmSums> before(
      ApplicationDefinition application,
      Experiment experiment,
      RecordSource records,
      long toOffset,
      long nowMs) {
    BanditResult result =
        ExperimentAnalysis.run(
                new AnalysisRequest(
                    application,
                    experiment,
                    records,
                    toOffset,
                    nowMs,
                    AnalysisLimits.DEFAULT,
                    _ -> Map.of()))
            .bandit();
    if (result == null || result.periods().isEmpty()) {
      return List.of();
    }
    List<ArmSums> sums = new ArrayList<>();
    for (int arm = 0; arm < experiment.arms().size(); arm++) {
      long units = 0;
      double sum = 0;
      double squares = 0;
      for (Period period : result.periods()) {
        ArmSums of = period.arms().get(arm);
        units += of.n();
        sum += of.sum();
        squares += of.sumOfSquares();
      }
      sums.add(new ArmSums(units, sum, squares));
    }
    return sums;
  }
}
