package io.winnow.lifecycle.evaluation;

import io.winnow.core.Event;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.UserId;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.events.RecordSource;
import io.winnow.lifecycle.TrainingRequest;
import io.winnow.lifecycle.TrainingRequests;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/**
 * The moments of a log behind an offset at which releases are compared, thinned evenly to bounds.
 *
 * @param stops in log order
 * @param outcomes how many outcomes the log holds there, before thinning
 * @param impressions whether it holds any slate there
 */
record HeldOutMoments(List<Stop> stops, int outcomes, boolean impressions) {
  /**
   * A moment.
   *
   * @param items what releases are asked about: what was shown, or the one that was chosen
   * @param positions where each was shown; -1 for a choice
   * @param labels what became of them, shape (items, T)
   * @param uses what the moment is for
   */
  record Stop(
      UserId user,
      long timeMs,
      long asOfOffset,
      List<ItemId> items,
      int[] positions,
      float[] labels,
      Uses uses) {
    boolean isSlate() {
      return positions[0] >= 0;
    }

    /** The same moment with some of its items. */
    Stop only(List<Integer> kept) {
      int heads = labels.length / items.size();
      float[] keptLabels = new float[kept.size() * heads];
      for (int i = 0; i < kept.size(); i++) {
        System.arraycopy(labels, kept.get(i) * heads, keptLabels, i * heads, heads);
      }
      return new Stop(
          user,
          timeMs,
          asOfOffset,
          kept.stream().map(items::get).toList(),
          kept.stream().mapToInt(i -> positions[i]).toArray(),
          keptLabels,
          uses);
    }
  }

  /**
   * What a moment is for.
   *
   * @param outcome whether what happened is to be predicted
   * @param calibration whether it belongs to the even sample of settled slates
   * @param request whether it is answered as a request, and timed
   */
  record Uses(boolean outcome, boolean calibration, boolean request) {}

  private record Pair(UserId user, ItemId item) {}

  /**
   * Collects them.
   *
   * @param fromOffset what lies before it may have been learned from
   */
  static HeldOutMoments collect(
      ApplicationDefinition application,
      RecordSource records,
      long fromOffset,
      ReleaseComparer.Bounds bounds) {
    TrainingRequests requests = new TrainingRequests(application);
    long[] newestMs = {Long.MIN_VALUE};
    records.replay((offset, record) -> {
      requests.visit(offset, record);
      // Clients' clocks may run ahead, servers' hardly.
      if (record instanceof LogRecord.Happened(Event event) && event.impression() != null) {
        newestMs[0] = Math.max(newestMs[0], event.timeMs());
      }
    });
    List<TrainingRequest.Shown> slates =
        requests.slates().stream()
            .filter(slate -> slate.asOfOffset() >= fromOffset)
            .sorted(Comparator.comparingLong(TrainingRequest.Shown::asOfOffset))
            .toList();
    List<TrainingRequest.Chosen> choices =
        requests.choices().stream().filter(choice -> choice.asOfOffset() >= fromOffset).toList();
    long withinMs = application.objectives().within().toMillis();
    List<TrainingRequest.Chosen> organic = organic(choices, requests.slates(), withinMs);

    IdentityHashMap<TrainingRequest, boolean[]> uses = new IdentityHashMap<>();
    mark(
        uses,
        thinned(slates.stream().filter(HeldOutMoments::hasOutcome).toList(), bounds.outcomes()),
        0);
    mark(uses, thinned(organic, bounds.outcomes()), 0);
    long settledMs = newestMs[0] - withinMs;
    mark(
        uses,
        thinned(slates.stream().filter(s -> s.timeMs() <= settledMs).toList(), bounds.slates()),
        1);
    List<? extends TrainingRequest> asked = slates.isEmpty() ? choices : slates;
    mark(uses, thinned(asked, bounds.requests()), 2);
    List<Stop> stops = new ArrayList<>();
    uses.forEach((request, use) -> stops.add(stop(request, new Uses(use[0], use[1], use[2]))));
    stops.sort(
        Comparator.comparingLong(Stop::asOfOffset)
            .thenComparing(stop -> stop.user().value())
            .thenComparing(stop -> stop.items().getFirst().value()));
    return new HeldOutMoments(List.copyOf(stops), choices.size(), !slates.isEmpty());
  }

  private static void mark(
      IdentityHashMap<TrainingRequest, boolean[]> uses,
      List<? extends TrainingRequest> requests,
      int use) {
    for (TrainingRequest request : requests) {
      uses.computeIfAbsent(request, _ -> new boolean[3])[use] = true;
    }
  }

  private static Stop stop(TrainingRequest request, Uses uses) {
    return switch (request) {
      case TrainingRequest.Shown s ->
          new Stop(
              s.user(), s.timeMs(), s.asOfOffset(), s.items(), s.positions(), s.labels(), uses);
      case TrainingRequest.Chosen c ->
          new Stop(
              c.user(),
              c.timeMs(),
              c.asOfOffset(),
              List.of(c.item()),
              new int[] {-1},
              c.labels(),
              uses);
    };
  }

  private static boolean hasOutcome(TrainingRequest.Shown slate) {
    for (float label : slate.labels()) {
      if (label > 0) {
        return true;
      }
    }
    return false;
  }

  /** The choices of what the user had not been shown within the time that outcomes may take. */
  private static List<TrainingRequest.Chosen> organic(
      List<TrainingRequest.Chosen> choices, List<TrainingRequest.Shown> slates, long withinMs) {
    Map<Pair, List<Long>> shown = new HashMap<>();
    for (TrainingRequest.Shown slate : slates) {
      for (ItemId item : slate.items()) {
        shown
            .computeIfAbsent(new Pair(slate.user(), item), _ -> new ArrayList<>(1))
            .add(slate.timeMs());
      }
    }
    return choices.stream()
        .filter(choice ->
            shown.getOrDefault(new Pair(choice.user(), choice.item()), List.of()).stream()
                .noneMatch(
                    timeMs -> timeMs <= choice.timeMs() && choice.timeMs() - timeMs <= withinMs))
        .toList();
  }

  private static <T> List<T> thinned(List<T> all, int bound) {
    int kept = Math.min(all.size(), bound);
    List<T> thinned = new ArrayList<>(kept);
    for (int i = 0; i < kept; i++) {
      thinned.add(all.get((int) ((long) i * all.size() / kept)));
    }
    return thinned;
  }
}
