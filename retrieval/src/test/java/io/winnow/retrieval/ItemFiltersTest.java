package io.winnow.retrieval;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import io.winnow.core.AttributeValue;
import io.winnow.features.UserHistory;
import io.winnow.retrieval.CandidateSource.ItemFilter;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ItemFiltersTest {
  private final World world = new World();

  ItemFiltersTest() {
    world.add(
        0,
        Map.of("genre", new AttributeValue.Text("drama"), "price", new AttributeValue.Numeric(5)));
    world.add(0, Map.of("genre", new AttributeValue.Tokens(List.of("drama", "war"))));
    world.add(0, Map.of("price", new AttributeValue.Numeric(9)));
    world.add(0, Map.of("published", new AttributeValue.Time(5)));
    world.add(0, Map.of());
    world.withdraw(4);
  }

  private int[] allowed(ItemFilter filter) {
    return IntStream.range(0, world.size()).filter(filter::allows).toArray();
  }

  private int[] matching(AttributeCondition... conditions) {
    return allowed(ItemFilters.available(world).matching(List.of(conditions)).build());
  }

  @Test
  void available_withdrawnItem_isOut() {
    assertArrayEquals(new int[] {0, 1, 2, 3}, allowed(ItemFilters.available(world).build()));
  }

  @Test
  void withoutSeen_unlessRepeats() {
    UserHistory history = World.history(new int[] {1, 1, 0}, 1, 2, 3);
    assertArrayEquals(
        new int[] {2, 3},
        allowed(ItemFilters.available(world).withoutSeen(history, false).build()));
    assertArrayEquals(
        new int[] {0, 1, 2, 3},
        allowed(ItemFilters.available(world).withoutSeen(history, true).build()));
  }

  @Test
  void without_exclusions_unknownArePassedOver() {
    assertArrayEquals(
        new int[] {0, 1, 3},
        allowed(ItemFilters.available(world).without(new int[] {-1, 2, 2}).build()));
  }

  @Test
  void matching_eachCondition_decidesAlsoOnMissingValues() {
    assertArrayEquals(
        new int[] {1}, matching(new AttributeCondition.AnyOf("genre", Set.of("war", "x"))));
    assertArrayEquals(
        new int[] {0, 2, 3}, matching(new AttributeCondition.NoneOf("genre", Set.of("war"))));
    assertArrayEquals(new int[] {0}, matching(new AttributeCondition.Between("price", 1, 5)));
    assertArrayEquals(new int[] {3}, matching(new AttributeCondition.Between("published", 5, 9)));
    assertArrayEquals(
        new int[] {0},
        matching(
            new AttributeCondition.AnyOf("genre", Set.of("drama")),
            new AttributeCondition.Between("price", 0, 100)));
  }
}
