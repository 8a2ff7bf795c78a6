package io.winnow.features;

import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.core.application.FeatureDefinition;
import io.winnow.core.application.FeatureDefinition.Aggregation;
import io.winnow.features.FeatureEngine.Answer;
import io.winnow.features.FeatureEngine.Answers;
import io.winnow.features.GeneratedStreams.Ask;
import io.winnow.features.GeneratedStreams.Case;
import io.winnow.features.NaiveFeatures.Dropped;
import io.winnow.features.NaiveFeatures.Expected;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Compares engines with the oracle. On a difference it looks for a smaller case that differs still,
 * leaving out features and records, and tells it whole.
 */
final class OracleCheck {
  /** How many smaller cases are tried. */
  private static final int TRIES = 600;

  /** Longer streams are not searched for late events, which takes the oracle their square. */
  private static final int DROPS_CHECKED = 500;

  /** What was compared over all cases: proves that a property test looked at something. */
  static final class Tally {
    final Map<String, Integer> telling = new HashMap<>();
    int values;
    int lists;
    int casesWithDrops;

    private void add(FeatureDefinition feature, float value) {
      values++;
      if (!Float.isNaN(value) && value != 0) {
        telling.merge(feature.aggregation().getClass().getSimpleName(), 1, Integer::sum);
        telling.merge(feature.entity().label(), 1, Integer::sum);
      }
    }

    /** How many values of an aggregation, or of an entity, were neither 0 nor NaN. */
    int telling(String name) {
      return telling.getOrDefault(name, 0);
    }
  }

  /** What the oracle says to a case. */
  record Truth(
      List<List<List<Expected>>> rows,
      List<Map<String, List<ItemId>>> lists,
      NaiveFeatures naive) {}

  private record Difference(
      int ask, ItemId item, FeatureDefinition feature, String expected, String actual) {}

  private OracleCheck() {}

  /** Plays a case through the oracle. */
  static Truth truth(Case generated) {
    NaiveFeatures naive = new NaiveFeatures(generated.application());
    List<List<List<Expected>>> rows = new ArrayList<>();
    List<Map<String, List<ItemId>>> lists = new ArrayList<>();
    int applied = 0;
    for (Ask ask : generated.asks()) {
      for (; applied < ask.after(); applied++) {
        naive.apply(generated.records().get(applied));
      }
      rows.add(
          ask.items().stream()
              .map(item -> naive.row(ask.user(), item, ask.context(), ask.timeMs()))
              .toList());
      Map<String, List<ItemId>> ofUser = new HashMap<>();
      for (FeatureDefinition feature : generated.application().features()) {
        if (feature.aggregation() instanceof Aggregation.LastItems) {
          ofUser.put(feature.name(), naive.lastItems(ask.user(), feature.name(), ask.timeMs()));
        }
      }
      lists.add(ofUser);
    }
    return new Truth(rows, lists, naive);
  }

  /**
   * Fails if an engine differs from the oracle.
   *
   * @return what the engine said
   */
  static Answers assertAgrees(
      Case generated, Truth truth, String name, FeatureEngine engine, Tally tally) {
    Answers answers = engine.play(generated);
    Optional<Difference> difference = difference(generated, truth, answers, tally);
    if (difference.isPresent()) {
      throw new AssertionError(tell(generated, difference.get(), name, engine));
    }
    if (answers.dropped() >= 0 && generated.records().size() <= DROPS_CHECKED) {
      Dropped dropped = truth.naive().dropped();
      boolean mayDrop = dropped.ofTiles() + dropped.others() > 0;
      boolean mustDrop = dropped.ofTiles() > 0;
      if (answers.dropped() > 0 ? !mayDrop : mustDrop) {
        throw new AssertionError(
            "seed %d, engine %s: dropped %d (expected: %s)"
                .formatted(generated.seed(), name, answers.dropped(), dropped));
      }
      tally.casesWithDrops += dropped.ofTiles() > 0 ? 1 : 0;
    }
    return answers;
  }

  private static Optional<Difference> difference(
      Case generated, Truth truth, Answers answers, Tally tally) {
    if (answers.answers().size() != generated.asks().size()) {
      throw new AssertionError(answers.answers().size() + " answers, seed " + generated.seed());
    }
    List<FeatureDefinition> columns = FeatureSchema.of(generated.application()).definitions();
    for (int ask = 0; ask < generated.asks().size(); ask++) {
      Answer answer = answers.answers().get(ask);
      List<ItemId> items = generated.asks().get(ask).items();
      for (int row = 0; row < items.size() && !columns.isEmpty(); row++) {
        float[] values = answer.rows().get(row);
        for (int column = 0; column < columns.size(); column++) {
          Expected expected = truth.rows().get(ask).get(row).get(column);
          if (!expected.allows(columns.get(column), values[column])) {
            return Optional.of(
                new Difference(
                    ask,
                    items.get(row),
                    columns.get(column),
                    expected.toString(),
                    String.valueOf(values[column])));
          }
          tally.add(columns.get(column), values[column]);
        }
      }
      for (Map.Entry<String, List<ItemId>> list : answer.lists().entrySet()) {
        List<ItemId> expected = truth.lists().get(ask).get(list.getKey());
        if (!list.getValue().equals(expected)) {
          return Optional.of(
              new Difference(
                  ask,
                  items.getFirst(),
                  feature(generated.application(), list.getKey()),
                  String.valueOf(expected),
                  list.getValue().toString()));
        }
        tally.lists += expected.isEmpty() ? 0 : 1;
      }
    }
    return Optional.empty();
  }

  private static FeatureDefinition feature(ApplicationDefinition application, String list) {
    return application.features().stream()
        .filter(feature -> feature.name().equals(list))
        .findFirst()
        .orElseThrow();
  }

  /** What a reader of the report needs to see it again. */
  private static String tell(
      Case generated, Difference difference, String name, FeatureEngine engine) {
    Case smallest = shrunk(generated, difference, engine);
    Difference told =
        difference(smallest, truth(smallest), engine.play(smallest), new Tally())
            .orElse(difference);
    Ask ask = smallest.asks().get(Math.min(told.ask(), smallest.asks().size() - 1));
    StringBuilder text = new StringBuilder();
    text.append(
        "seed %d, engine %s: %s of %s reads %s (expected: %s)%n"
            .formatted(
                generated.seed(),
                name,
                told.feature().qualifiedName(),
                told.item(),
                told.actual(),
                told.expected()));
    text.append("request: ").append(ask).append('\n');
    for (FeatureDefinition feature : smallest.application().features()) {
      text.append("feature: ").append(feature).append(" ttl ");
      text.append(
          smallest.application().operations().featureStore().view(feature.entity().label()).ttl());
      text.append('\n');
    }
    text.append(smallest.records().size() + " of " + generated.records().size() + " records:\n");
    for (LogRecord record : smallest.records()) {
      text.append("  ").append(told(record)).append('\n');
    }
    return text.toString();
  }

  private static String told(LogRecord record) {
    return record instanceof LogRecord.Happened(var event)
        ? "%s %s %s at %d value %s (%s)"
            .formatted(
                event.type(), event.user(), event.item(), event.timeMs(), event.value(), event.id())
        : record.toString();
  }

  /** A small case that an engine gets wrong: only the request in question, and what it needs. */
  private static Case shrunk(Case generated, Difference difference, FeatureEngine engine) {
    Ask ask = generated.asks().get(difference.ask());
    Case small =
        asking(
            generated,
            generated.application(),
            generated.records().subList(0, ask.after()),
            ask,
            List.of(difference.item()));
    if (!differs(small, engine)) {
      return generated; // It takes the requests before, or the restarts between them.
    }
    int tries = TRIES;
    for (int part = small.records().size() / 2; part >= 1; part = part / 2) {
      for (int from = 0; from < small.records().size() && tries > 0; tries--) {
        List<LogRecord> fewer = new ArrayList<>(small.records());
        fewer.subList(from, Math.min(from + part, fewer.size())).clear();
        Case smaller = asking(small, small.application(), fewer, ask, List.of(difference.item()));
        if (differs(smaller, engine)) {
          small = smaller;
        } else {
          from += part;
        }
      }
    }
    for (FeatureDefinition feature : generated.application().features()) {
      List<FeatureDefinition> fewer = new ArrayList<>(small.application().features());
      fewer.remove(feature);
      Case smaller =
          asking(
              small,
              GeneratedApplications.with(small.application(), fewer),
              small.records(),
              ask,
              List.of(difference.item()));
      if (!fewer.isEmpty() && differs(smaller, engine)) {
        small = smaller;
      }
    }
    return small;
  }

  private static Case asking(
      Case from,
      ApplicationDefinition application,
      List<LogRecord> records,
      Ask ask,
      List<ItemId> items) {
    Ask last = new Ask(records.size(), ask.user(), items, ask.context(), ask.timeMs());
    return new Case(from.seed(), application, List.copyOf(records), List.of(last));
  }

  private static boolean differs(Case generated, FeatureEngine engine) {
    List<ItemId> items = generated.asks().getFirst().items();
    boolean known =
        generated.records().stream().anyMatch(record -> FeatureEngine.items(record).equals(items));
    return known
        && difference(generated, truth(generated), engine.play(generated), new Tally()).isPresent();
  }

  /** Fails unless two engines said the same, bit for bit, sketches too. */
  static void assertSame(Case generated, Answers expected, Answers actual, String name) {
    List<String> columns = FeatureSchema.of(generated.application()).names();
    for (int ask = 0; ask < generated.asks().size(); ask++) {
      for (int row = 0; row < expected.answers().get(ask).rows().size(); row++) {
        float[] one = expected.answers().get(ask).rows().get(row);
        float[] other = actual.answers().get(ask).rows().get(row);
        for (int column : IntStream.range(0, one.length).toArray()) {
          if (Float.floatToRawIntBits(one[column]) != Float.floatToRawIntBits(other[column])) {
            throw new AssertionError(
                "seed %d, engine %s: %s of %s reads %s (expected: %s as in memory), request %s"
                    .formatted(
                        generated.seed(),
                        name,
                        columns.get(column),
                        generated.asks().get(ask).items().get(row),
                        other[column],
                        one[column],
                        generated.asks().get(ask)));
          }
        }
      }
    }
  }
}
