package io.winnow.lifecycle;

import io.winnow.core.Event;
import io.winnow.core.Impression;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.UserId;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.events.RecordSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Collects the moments of a log that a ranker can learn from: slates that were shown, and choices.
 *
 * <p>A choice of an item that the user had before is none where the application does not repeat
 * items, since retrieval filters it. A visitor of records in log order; not thread-safe.
 */
public final class TrainingRequests implements RecordSource.Visitor {
  private final boolean repeats;
  private final InteractionSequences sequences;
  private final OutcomeJoin shownOutcomes;
  private final OutcomeJoin chosenOutcomes;
  private final Map<String, Slate> slates = new LinkedHashMap<>();
  private final List<TrainingRequest.Chosen> choices = new ArrayList<>();
  private final Map<UserId, Set<ItemId>> had = new HashMap<>();

  /** Collects for an application. */
  public TrainingRequests(ApplicationDefinition application) {
    this.repeats = application.schema().repeats();
    this.sequences = new InteractionSequences(application);
    this.shownOutcomes = new OutcomeJoin(application.objectives());
    this.chosenOutcomes = new OutcomeJoin(application.objectives());
  }

  @Override
  public void visit(long offset, LogRecord record) {
    if (record instanceof LogRecord.Happened(Event event)) {
      Impression impression = event.impression();
      if (impression == null) {
        happen(offset, event);
      } else {
        show(offset, event, impression);
      }
    }
  }

  private void show(long offset, Event event, Impression impression) {
    // An impression that another system logged says nothing of offsets: its request saw what came
    // before it.
    long asOf = impression.features().length > 0 ? impression.asOfOffset() : offset;
    slates
        .computeIfAbsent(impression.requestId(), _ -> new Slate(event.user(), event.timeMs(), asOf))
        .add(
            event.item(),
            impression.position(),
            shownOutcomes.show(event.user(), event.item(), event.timeMs()));
  }

  private void happen(long offset, Event event) {
    boolean first =
        repeats || had.computeIfAbsent(event.user(), _ -> new HashSet<>()).add(event.item());
    if (sequences.accept(event) && first) {
      choices.add(
          new TrainingRequest.Chosen(
              event.user(),
              event.timeMs(),
              offset,
              event.item(),
              chosenOutcomes.show(event.user(), event.item(), event.timeMs())));
    }
    chosenOutcomes.outcome(event);
    shownOutcomes.outcome(event);
  }

  /** The choices, in log order. */
  public List<TrainingRequest.Chosen> choices() {
    return choices;
  }

  /** The slates, in the order of their first impression. */
  public List<TrainingRequest.Shown> slates() {
    return slates.values().stream().map(Slate::toRequest).toList();
  }

  /** A slate whose impressions are being collected. */
  private static final class Slate {
    private final UserId user;
    private final long timeMs;
    private final long asOfOffset;
    private final List<ItemId> items = new ArrayList<>();
    private final List<Integer> positions = new ArrayList<>();
    private final List<float[]> labels = new ArrayList<>();

    Slate(UserId user, long timeMs, long asOfOffset) {
      this.user = user;
      this.timeMs = timeMs;
      this.asOfOffset = asOfOffset;
    }

    void add(ItemId item, int position, float[] itemLabels) {
      items.add(item);
      positions.add(position);
      labels.add(itemLabels);
    }

    TrainingRequest.Shown toRequest() {
      int heads = labels.getFirst().length;
      float[] flat = new float[items.size() * heads];
      for (int i = 0; i < items.size(); i++) {
        System.arraycopy(labels.get(i), 0, flat, i * heads, heads);
      }
      return new TrainingRequest.Shown(
          user,
          timeMs,
          asOfOffset,
          items,
          positions.stream().mapToInt(Integer::intValue).toArray(),
          flat);
    }
  }
}
