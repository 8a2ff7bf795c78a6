package io.winnow.features;

import io.winnow.core.AttributeValue;
import io.winnow.core.ItemId;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The items known so far. Each has a dense index, given in the order of first appearance in the log
 * and never changed, so the same log gives the same indices. An item that only occurs in events is
 * known, without attributes, and available.
 *
 * <p>Safe to read while the log appends; {@link #size()} only grows.
 */
public interface Catalog {
  /** How many items are known; indices are {@code 0 … size-1}. */
  int size();

  /** The index of an item, or -1 if it is not known. */
  int indexOf(ItemId item);

  /** The item at an index. */
  ItemId item(int index);

  /** The item's attributes; empty if none were put. */
  Map<String, AttributeValue> attributes(int index);

  /** Whether the item may be recommended. */
  boolean available(int index);

  /** When the item was first put or seen in an event, epoch milliseconds. */
  long firstSeenMs(int index);

  /** One attribute of an item, or null. */
  default @Nullable AttributeValue attribute(int index, String name) {
    return attributes(index).get(name);
  }
}
