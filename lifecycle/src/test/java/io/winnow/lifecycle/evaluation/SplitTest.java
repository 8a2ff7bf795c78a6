package io.winnow.lifecycle.evaluation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.Event;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.UserId;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.events.RecordSource;
import io.winnow.lifecycle.TestApplications;
import io.winnow.lifecycle.TinyWorld;
import io.winnow.lifecycle.TrainingRequest;
import io.winnow.lifecycle.TrainingRequests;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class SplitTest {
  private static final ApplicationDefinition CLIPS = TestApplications.clips().definition();

  private final RecordSource records = RecordSource.of(TinyWorld.records(900));

  private static List<TrainingRequest.Chosen> choices(RecordSource records) {
    TrainingRequests requests = new TrainingRequests(CLIPS);
    records.replay(requests);
    return requests.choices();
  }

  @Test
  void temporal_hasNoTargetBeforeTheCut_andEveryChoiceBehindIt() {
    Split split = Split.temporal(CLIPS, records, 0.8);
    List<TrainingRequest.Chosen> choices = choices(records);
    List<TrainingRequest.Chosen> behind =
        choices.stream().filter(choice -> choice.asOfOffset() >= split.trainingEnd()).toList();
    assertEquals(choices.size() - (int) (choices.size() * 0.8), behind.size());
    assertEquals(behind.size(), split.targets().size());
    for (int i = 0; i < behind.size(); i++) {
      Split.Target target = split.targets().get(i);
      assertEquals(behind.get(i).item(), target.item());
      assertEquals(behind.get(i).asOfOffset(), target.asOfOffset());
      assertTrue(target.timeMs() >= split.cutMs());
    }
    split
        .records()
        .replay(0, split.trainingEnd(), (_, record) -> assertTrue(record.timeMs() < split.cutMs()));
  }

  @Test
  void leaveOneOut_holdsExactlyTheLastChoices_andNothingThatTellsThem() {
    Split split = Split.leaveOneOut(CLIPS, records);
    Map<UserId, TrainingRequest.Chosen> lasts = new HashMap<>();
    for (TrainingRequest.Chosen choice : choices(records)) {
      lasts.put(choice.user(), choice);
    }
    Map<UserId, Split.Target> targets = new HashMap<>();
    split.targets().forEach(target -> targets.put(target.user(), target));
    assertEquals(40, targets.size(), "one a user");
    List<Event> training = new ArrayList<>();
    Map<UserId, Long> behindLast = new HashMap<>();
    split
        .records()
        .replay((offset, record) -> {
          if (record instanceof LogRecord.Happened(Event event)) {
            training.add(event);
            behindLast.put(event.user(), offset + 1);
          }
        });
    assertFalse(training.isEmpty());
    targets.forEach((user, target) -> {
      assertEquals(Objects.requireNonNull(lasts.get(user)).item(), target.item());
      assertEquals(behindLast.get(user), target.asOfOffset(), "right behind what is left");
      long lastMs =
          training.stream()
              .filter(event -> event.user().equals(user))
              .mapToLong(Event::timeMs)
              .max()
              .orElseThrow();
      assertEquals(lastMs, target.timeMs(), "not when the target happened");
      for (Event event : training) {
        assertFalse(event.user().equals(user) && event.item().equals(target.item()));
      }
    });
  }

  @Test
  void leaveOneOut_itemsKnownByEventsAlone_areNamedBeforeTheFirstEvent() {
    List<LogRecord> events = new ArrayList<>();
    Set<ItemId> items = new HashSet<>();
    records.replay((_, record) -> {
      if (record instanceof LogRecord.Happened(Event event)) {
        events.add(record);
        items.add(event.item());
      }
    });
    Split split = Split.leaveOneOut(CLIPS, RecordSource.of(events));
    Set<ItemId> named = new HashSet<>();
    List<LogRecord> first = new ArrayList<>();
    split
        .records()
        .replay((_, record) -> {
          if (record instanceof LogRecord.ItemPut put && first.isEmpty()) {
            named.add(put.item());
          } else {
            first.add(record);
          }
        });
    assertFalse(named.isEmpty());
    assertTrue(items.containsAll(named));
    for (Split.Target target : split.targets()) {
      assertTrue(named.contains(target.item()), target::toString);
    }
  }
}
