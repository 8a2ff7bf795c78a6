package io.winnow.experiments.analysis;

import io.winnow.core.AttributeValue;
import io.winnow.core.Exposure;
import io.winnow.core.LogRecord;
import io.winnow.core.WinnowException;
import io.winnow.core.application.Experiment;
import io.winnow.events.RecordSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * The first replay: who met the experiment, when and in which arm. Where there are more units than
 * may be held it goes on with half of them, again and again if need be.
 */
final class ExposurePass implements RecordSource.Visitor {
  private static final int LEVEL_MAX = 30;

  private final Experiment experiment;
  private final UnitKeys keys;
  private final AnalysisLimits limits;
  private final Set<String> testers;
  private final Units units;
  private LongIntMap requests = new LongIntMap();
  private final Map<String, LongIntMap> attributes = new HashMap<>();
  private final Map<String, Integer> attributeCodes = new HashMap<>();
  private final List<String> attributeValues = new ArrayList<>();
  private final String[] segmentValues;
  private int level;
  private long firstMs = Long.MAX_VALUE;
  private long lastMs = Long.MIN_VALUE;

  ExposurePass(Experiment experiment, UnitKeys keys, AnalysisLimits limits, Set<String> testers) {
    this.experiment = experiment;
    this.keys = keys;
    this.limits = limits;
    this.testers = testers;
    this.units = new Units(experiment);
    List<Experiment.Field> segments = experiment.goals().segments();
    this.segmentValues = new String[segments.size()];
    for (Experiment.Field field : segments) {
      if (field instanceof Experiment.Field.User(String attribute)) {
        attributes.put(attribute, new LongIntMap());
      }
    }
  }

  @Override
  public void visit(long offset, LogRecord record) {
    switch (record) {
      case LogRecord.Exposed(Exposure exposure, long timeMs) -> {
        lastMs = Math.max(lastMs, timeMs);
        if (exposure.run() == experiment.run()
            && exposure.experiment().equals(experiment.name())
            && !testers.contains(exposure.user().value())) {
          firstMs = Math.min(firstMs, timeMs);
          expose(offset, exposure, timeMs);
        }
      }
      case LogRecord.UserPut put -> {
        if (!attributes.isEmpty()) {
          attributes(put);
        }
      }
      case LogRecord.Happened happened -> {
        if (happened.event().impression() != null) {
          lastMs = Math.max(lastMs, happened.timeMs());
        }
      }
      case LogRecord.ItemPut _, LogRecord.ItemRemoved _ -> {}
    }
  }

  private void expose(long offset, Exposure exposure, long timeMs) {
    int period = keys.period(timeMs);
    long owner = Hashes.of(exposure.unit());
    if (!Hashes.sampled(owner, level)) {
      return;
    }
    List<Experiment.Field> segments = experiment.goals().segments();
    for (int i = 0; i < segments.size(); i++) {
      segmentValues[i] = segment(segments.get(i), exposure);
    }
    int unit =
        units.expose(
            keys.unit(owner, period),
            owner,
            exposure.arm(),
            exposure.probability(),
            timeMs,
            offset,
            period,
            segmentValues);
    if (unit >= 0 && keys.bySession()) {
      requests.put(Hashes.of(exposure.requestId()), unit);
    }
    while (units.size() > limits.units() || requests.size() > limits.requests()) {
      if (level == LEVEL_MAX) {
        throw WinnowException.invalid(
            "units", limits.units(), "more; no sample of the units is small enough");
      }
      thin();
    }
  }

  private void thin() {
    level++;
    int[] moved = units.thin(level);
    LongIntMap kept = new LongIntMap();
    requests.forEach((request, unit) -> {
      if (moved[unit] >= 0) {
        kept.put(request, moved[unit]);
      }
    });
    requests = kept;
  }

  private String segment(Experiment.Field field, Exposure exposure) {
    return switch (field) {
      case Experiment.Field.Surface _, Experiment.Field.Context _ ->
          exposure.context().getOrDefault(field.toString(), Units.UNKNOWN);
      case Experiment.Field.User(String attribute) -> {
        int code =
            Objects.requireNonNull(attributes.get(attribute))
                .get(Hashes.of(exposure.user().value()));
        yield code == LongIntMap.ABSENT ? Units.UNKNOWN : attributeValues.get(code);
      }
      case Experiment.Field.NewUsers _ -> Units.UNKNOWN;
    };
  }

  private void attributes(LogRecord.UserPut put) {
    long user = Hashes.of(put.user().value());
    attributes.forEach((name, codes) -> {
      AttributeValue value = put.attributes().get(name);
      String text = value == null ? "" : String.join("|", value.categories());
      codes.put(user, code(text.isEmpty() ? Units.UNKNOWN : text));
    });
  }

  private int code(String value) {
    Integer known = attributeCodes.get(value);
    if (known != null) {
      return known;
    }
    // As many as segments tell apart, and one for the rest; the first come are the frequent ones.
    String kept = attributeValues.size() < Units.SEGMENT_VALUES_MAX ? value : Units.OTHER;
    return attributeCodes.computeIfAbsent(
        kept,
        _ -> {
          attributeValues.add(kept);
          return attributeValues.size() - 1;
        });
  }

  /** 1 in 2^level units is kept. */
  int level() {
    return level;
  }

  Units units() {
    return units;
  }

  /** Session units by the hash of a request's id. */
  LongIntMap requests() {
    return requests;
  }

  /** How often units of this experiment were exposed. */
  long exposures() {
    return units.exposures();
  }

  /** The time of the first exposure of any unit, in the sample or not; the largest long if none. */
  long firstMs() {
    return firstMs;
  }

  /** The newest time of a record that Winnow itself wrote, or the smallest long. */
  long lastMs() {
    return lastMs;
  }
}
