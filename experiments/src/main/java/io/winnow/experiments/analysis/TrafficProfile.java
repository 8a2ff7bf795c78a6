package io.winnow.experiments.analysis;

import io.winnow.core.Event;
import io.winnow.core.Exposure;
import io.winnow.core.Impression;
import io.winnow.core.LogRecord;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.core.application.Experiment;
import io.winnow.core.application.Metric;
import io.winnow.events.RecordSource;
import io.winnow.experiments.statistics.Cuped;
import io.winnow.experiments.statistics.Estimate;
import io.winnow.experiments.statistics.Moments;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * What an experiment with everybody would have had to do with over the newest days: how many users
 * came, and how the metric varies among them. The ground of a plan.
 *
 * @param days how long the look back is; may be less than asked for where the log is shorter
 * @param users who were shown a slate in that time
 * @param estimate of the metric over those users from their first slate on
 * @param adjusted the same with its standard error after adjustment for behaviour before; equal
 *     where nothing is adjusted
 * @param correlation of the metric with the time before; 0 where nothing is adjusted
 */
public record TrafficProfile(
    double days, long users, Estimate estimate, Estimate adjusted, double correlation) {
  private static final String NAME = "plan";

  /**
   * Reads the log twice.
   *
   * @param back how long to look back from now
   * @param before how long before the first slate behaviour is used; zero for not at all
   * @throws WinnowException with {@code INVALID_ARGUMENT} for a metric that is no number by unit
   */
  public static TrafficProfile of(
      ApplicationDefinition application,
      Metric metric,
      RecordSource records,
      long toOffset,
      long nowMs,
      Duration back,
      Duration before) {
    if (!UnitTally.isUnitMetric(metric)) {
      throw WinnowException.invalid(
          "metric",
          metric.name() + ": " + metric.definition(),
          "a ratio, mean, conversion, retention or exposure");
    }
    long fromMs = nowMs - back.toMillis();
    Experiment everybody =
        new Experiment(
            NAME,
            1,
            new Experiment.Population(
                Experiment.Unit.USER, NAME, Experiment.Range.ALL, 1, List.of(), null, null),
            new Experiment.Design.Split(),
            List.of(new Experiment.Arm(NAME, 1, Experiment.Settings.NONE)),
            new Experiment.Goals(metric.name(), List.of(), Map.of(), List.of()),
            new Experiment.Plan(new Experiment.Looks.Planned(1), back, 0.05, 0.8, 0.02, before));
    AnalysisRequest request =
        new AnalysisRequest(
            application,
            everybody,
            new Exposing(records, fromMs, nowMs),
            toOffset,
            nowMs,
            AnalysisLimits.DEFAULT,
            _ -> Map.of());
    ExposurePass exposed = ExperimentAnalysis.exposures(request);
    OutcomePass outcomes =
        new OutcomePass(request, exposed, Needs.of(application, everybody), List.of(), false);
    request.records().replay(0, toOffset, outcomes);
    UnitTally tally = outcomes.tally(metric.name());
    List<Moments> moments = outcomes.moments(tally, -1, nowMs).getFirst();
    Cuped cuped = Cuped.of(moments);
    boolean adjusts = before.isPositive() && cuped.theta() != 0;
    Estimates estimates = Estimates.of(tally, moments, before.isPositive());
    long firstMs = nowMs;
    for (int unit = 0; unit < exposed.units().size(); unit++) {
      firstMs = Math.min(firstMs, exposed.units().firstMs(unit));
    }
    return new TrafficProfile(
        (nowMs - firstMs) / (double) TimeUnit.DAYS.toMillis(1),
        (long) exposed.units().size() << exposed.level(),
        estimates.raw().getFirst(),
        estimates.adjusted().getFirst(),
        adjusts ? cuped.correlation() : 0);
  }

  /** The log as it would be if everybody had met an experiment at each slate of a time. */
  private record Exposing(RecordSource source, long fromMs, long toMs) implements RecordSource {
    @Override
    public long endOffset() {
      return source.endOffset();
    }

    @Override
    public void replay(long from, long to, Visitor visitor) {
      source.replay(
          from,
          to,
          (offset, record) -> {
            if (record instanceof LogRecord.Happened(Event event)) {
              Impression impression = event.impression();
              if (impression != null
                  && impression.position() == 0
                  && event.timeMs() >= fromMs
                  && event.timeMs() < toMs) {
                visitor.visit(
                    offset,
                    new LogRecord.Exposed(
                        new Exposure(
                            impression.requestId(),
                            event.user(),
                            event.user().value(),
                            NAME,
                            1,
                            NAME,
                            1,
                            Map.of()),
                        event.timeMs()));
              }
              visitor.visit(offset, record);
            } else if (!(record instanceof LogRecord.Exposed)) {
              visitor.visit(offset, record);
            }
          });
    }
  }
}
