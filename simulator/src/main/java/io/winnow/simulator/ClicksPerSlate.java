package io.winnow.simulator;

import io.winnow.core.AttributeValue;
import io.winnow.core.Event;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.Seed;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGenerator;

/**
 * Measures how much a world rewards knowing its people: clicks per slate of four simple policies,
 * each in a world of its own of the same seed, answering the same number of visits.
 *
 * <p>The first three know what a log knows; the oracle knows everything.
 */
public final class ClicksPerSlate {
  private static final long WEEK_MS = 7 * 86_400_000L;

  private final World world;
  private final Policy policy;
  private final RandomGenerator random;
  private final List<ItemId> items = new ArrayList<>();
  private final Map<ItemId, String> categories = new HashMap<>();
  private final List<Event> clicks = new ArrayList<>();
  private final Map<String, Set<ItemId>> clicked = new HashMap<>();
  private final Map<String, Map<String, Integer>> affinities = new HashMap<>();

  private ClicksPerSlate(WorldConfig config, long nowMs, Policy policy) {
    this.world = new World(config, nowMs);
    this.policy = policy;
    this.random = new Seed(config.seed()).generator("random-policy");
  }

  /** Who makes the slates. */
  public enum Policy {
    /** Any items that the user has not clicked. */
    RANDOM,
    /** The items with the most clicks in seven days that the user has not clicked. */
    POPULARITY,
    /** The same, times the user's clicks in the item's category. */
    AFFINITY,
    /** {@link World#oracleSlate}. */
    ORACLE
  }

  /** Prints a table for the demo's world: arguments are the seed and the number of visits. */
  public static void main(String[] arguments) {
    long seed = arguments.length > 0 ? Long.parseLong(arguments[0]) : 1;
    int visits = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 2_000;
    measure(WorldConfig.demo(seed), 1_700_000_000_000L, visits)
        .forEach((policy, clicks) ->
            System.out.printf(
                Locale.ROOT,
                "%-12s %.3f clicks per slate%n",
                policy.name().toLowerCase(Locale.ROOT),
                clicks));
  }

  /** Mean clicks per slate of each policy over so many visits after now. */
  public static Map<Policy, Double> measure(WorldConfig config, long nowMs, int visits) {
    Map<Policy, Double> means = new EnumMap<>(Policy.class);
    for (Policy policy : Policy.values()) {
      means.put(policy, new ClicksPerSlate(config, nowMs, policy).run(config.slate(), visits));
    }
    return means;
  }

  private double run(int slateLength, int visits) {
    world.history().forEach(this::learn);
    int before = clicks.size();
    int late = 0;
    for (int v = 0; v < visits; v++) {
      Visit visit = world.nextVisit();
      for (LogRecord news : visit.news()) {
        int known = clicks.size();
        learn(news);
        // Clicks on the history's last slates are not this policy's.
        late += clicks.size() - known;
      }
      List<ItemId> slate = slate(visit, slateLength);
      for (Event event : world.respond(visit.user(), slate, visit.timeMs(), "r" + v)) {
        learn(new LogRecord.Happened(event));
      }
    }
    return (double) (clicks.size() - before - late) / visits;
  }

  private void learn(LogRecord message) {
    if (message instanceof LogRecord.ItemPut put) {
      items.add(put.item());
      categories.put(put.item(), category(put));
    } else if (message instanceof LogRecord.Happened(Event event) && event.type().equals("click")) {
      String user = event.user().value();
      clicks.add(event);
      clicked.computeIfAbsent(user, _ -> new HashSet<>()).add(event.item());
      affinities
          .computeIfAbsent(user, _ -> new HashMap<>())
          .merge(categories.getOrDefault(event.item(), ""), 1, Integer::sum);
    }
  }

  private static String category(LogRecord.ItemPut put) {
    AttributeValue value = put.attributes().get("category");
    return value == null ? "" : value.categories().getFirst();
  }

  private List<ItemId> slate(Visit visit, int length) {
    Set<ItemId> had = clicked.getOrDefault(visit.user().value(), Set.of());
    return switch (policy) {
      case ORACLE -> world.oracleSlate(visit.user(), length, visit.timeMs());
      case RANDOM -> {
        Set<ItemId> drawn = new LinkedHashSet<>();
        while (drawn.size() < Math.min(length, items.size() - had.size())) {
          ItemId item = items.get(random.nextInt(items.size()));
          if (!had.contains(item)) {
            drawn.add(item);
          }
        }
        yield List.copyOf(drawn);
      }
      case POPULARITY, AFFINITY -> {
        Map<ItemId, Double> scores = new HashMap<>();
        clicks.reversed().stream()
            .takeWhile(click -> click.timeMs() >= visit.timeMs() - WEEK_MS)
            .filter(click -> !had.contains(click.item()))
            .forEach(click -> scores.merge(click.item(), 1.0, Double::sum));
        if (policy == Policy.AFFINITY) {
          Map<String, Integer> affinity = affinities.getOrDefault(visit.user().value(), Map.of());
          scores.replaceAll((item, count) ->
              count * (0.1 + affinity.getOrDefault(categories.getOrDefault(item, ""), 0)));
        }
        yield scores.entrySet().stream()
            .sorted(
                Comparator.comparingDouble((Map.Entry<ItemId, Double> e) -> -e.getValue())
                    .thenComparing(e -> e.getKey().value()))
            .limit(length)
            .map(Map.Entry::getKey)
            .toList();
      }
    };
  }
}
