package io.winnow.serving.http;

import io.winnow.core.ErrorCode;
import io.winnow.core.ItemId;
import io.winnow.core.WinnowException;
import io.winnow.features.Catalog;
import io.winnow.serving.Degradation;
import io.winnow.serving.ExperimentAssignments;
import io.winnow.serving.RecommendationRequest;
import io.winnow.serving.Recommender;
import io.winnow.serving.Slate;
import io.winnow.serving.SlateItem;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

/** Recommends the catalogue in its order, by the contract of the real recommender. */
final class CatalogRecommender implements Recommender {
  private final Catalog catalog;
  private final ExperimentAssignments assignments;

  /** The last request, for tests to look at. */
  final AtomicReference<RecommendationRequest> last = new AtomicReference<>();

  /** Runs inside each request: tests block or fail here. */
  volatile Consumer<RecommendationRequest> during = _ -> {};

  CatalogRecommender(Catalog catalog, ExperimentAssignments assignments) {
    this.catalog = catalog;
    this.assignments = assignments;
  }

  @Override
  public Slate recommend(RecommendationRequest request) {
    last.set(request);
    during.accept(request);
    return slate(request.requestId(), request.n(), request.exclude());
  }

  @Override
  public Slate similar(ItemId item, int n) {
    if (catalog.indexOf(item) < 0) {
      throw new WinnowException(ErrorCode.NOT_FOUND, "item: " + item + " (expected: a known item)");
    }
    return slate("similar", n, Set.of(item));
  }

  private Slate slate(String requestId, int n, Set<ItemId> exclude) {
    List<SlateItem> items = new ArrayList<>();
    for (int index = 0; index < catalog.size() && items.size() < n; index++) {
      ItemId item = catalog.item(index);
      if (catalog.available(index) && !exclude.contains(item)) {
        items.add(
            new SlateItem(item, items.size(), 1.0 / (1 + index), 1, "popular", "many watch it"));
      }
    }
    Map<String, Long> stages = new TreeMap<>(Map.of("retrieve", 1_500_000L, "rank", 250_000L));
    return new Slate(
        requestId,
        release(),
        "default",
        items,
        List.of(new Degradation("ranking", "no ranker here", "retrieval order")),
        stages);
  }

  @Override
  public String release() {
    return "r1";
  }

  @Override
  public ExperimentAssignments assignments() {
    return assignments;
  }
}
