package io.winnow.ranking.reranking;

import io.winnow.core.AttributeValue;
import io.winnow.core.ItemId;
import io.winnow.features.Catalog;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** A catalogue in lists. */
final class TestCatalog implements Catalog {
  private final List<Map<String, AttributeValue>> attributes = new ArrayList<>();
  private final Set<Integer> unavailable = new HashSet<>();

  void add(Map<String, AttributeValue> itemAttributes) {
    attributes.add(itemAttributes);
  }

  void makeUnavailable(int index) {
    unavailable.add(index);
  }

  @Override
  public int size() {
    return attributes.size();
  }

  @Override
  public int indexOf(ItemId item) {
    return Integer.parseInt(item.value());
  }

  @Override
  public ItemId item(int index) {
    return new ItemId(Integer.toString(index));
  }

  @Override
  public Map<String, AttributeValue> attributes(int index) {
    return attributes.get(index);
  }

  @Override
  public boolean available(int index) {
    return !unavailable.contains(index);
  }

  @Override
  public long firstSeenMs(int index) {
    return 0;
  }
}
