package io.winnow.serving;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The answer to a request.
 *
 * @param requestId the request that it answers
 * @param release the version of the release that answered; of an interleaved slate of two releases
 *     both, with {@code +} between them
 * @param arm {@code default} without an experiment; else {@code experiment=arm}, of overlapping
 *     ones with {@code ;} between them; {@code experiment~arm} where a tester is shown it
 * @param items best first; positions ascend from 0
 * @param degraded what fell back to something simpler; empty if all went as planned
 * @param stageNanos how long each stage took, in nanoseconds, in the order they ran
 */
public record Slate(
    String requestId,
    String release,
    String arm,
    List<SlateItem> items,
    List<Degradation> degraded,
    Map<String, Long> stageNanos) {
  /** Copies the collections, keeping their order. */
  public Slate {
    items = List.copyOf(items);
    degraded = List.copyOf(degraded);
    stageNanos = Collections.unmodifiableMap(new LinkedHashMap<>(stageNanos));
  }
}
