package io.winnow.lifecycle.evaluation;

import io.winnow.core.AttributeValue;
import io.winnow.core.application.AttributeType;
import io.winnow.features.Catalog;
import io.winnow.features.FeatureReader;
import io.winnow.lifecycle.RequestStages.Moment;
import io.winnow.lifecycle.RequestStages.Ranked;
import io.winnow.lifecycle.ServingRelease;
import io.winnow.lifecycle.evaluation.EvaluationTable.Kind;
import io.winnow.models.ItemScorer;
import io.winnow.ranking.reranking.Slate.Placed;
import io.winnow.retrieval.CandidateSet;
import io.winnow.retrieval.CandidateSource.ItemFilter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * Every row's metrics over one shard of the targets. Not thread-safe; shards are merged afterwards.
 */
final class EvaluationRows {
  /** How deep sources are asked, the k of recall@500. */
  private static final int DEPTH = 500;

  /** The counts of the last week are recomputed when event time has moved this far. */
  private static final long REFRESH_MS = 60_000;

  private static final Duration NO_LIMIT = Duration.ofMinutes(1);

  private final ServingRelease serving;
  private final FeatureReader reader;
  private final int users;
  private final Map<String, Accumulator> rows = new LinkedHashMap<>();
  private final Map<String, ItemScorer> simpleModels;
  private float[] weekCounts = new float[0];
  private long weekCountedMs = -1;

  /** One row under construction. */
  record Accumulator(Kind kind, RankMetrics metrics) {}

  /**
   * @param users how many users have targets
   */
  EvaluationRows(ServingRelease serving, FeatureReader reader, int users) {
    this.serving = serving;
    this.reader = reader;
    this.users = users;
    this.simpleModels = serving.simpleModels();
  }

  Map<String, Accumulator> rows() {
    return rows;
  }

  void merge(EvaluationRows other) {
    other.rows.forEach((model, row) ->
        rows.merge(
            model,
            row,
            (mine, theirs) -> {
              mine.metrics().merge(theirs.metrics());
              return mine;
            }));
  }

  /** Lets every model predict one target from the state just before it. */
  void add(Split.Target target) {
    Moment moment = serving.moment(target.user(), Map.of(), _ -> true, target.timeMs());
    int item = reader.catalog().indexOf(target.item());
    int size = reader.catalog().size();
    BitMask allowed = BitMask.of(moment.filter(), size);
    float[] popularity = scores(popularityModel(), moment, size);
    for (Map.Entry<String, ItemScorer> model : simpleModels.entrySet()) {
      float[] scores =
          model.getKey().equals("popularity") ? popularity : scores(model.getValue(), moment, size);
      addScored(model.getKey(), scores, popularity, allowed, target, item);
    }
    addScored("popularity_7d", week(target.timeMs(), size), popularity, allowed, target, item);
    serving
        .retrieveEach(moment, DEPTH)
        .forEach((source, items) -> addList(source, Kind.SOURCE, items, target, item));

    CandidateSet candidates = serving.retrieve(moment, NO_LIMIT);
    addList("candidates", Kind.SOURCE, candidates.items(), target, item);
    Ranked ranked = serving.rank(moment, candidates);
    int[] order = ranked.items();
    addList("ranker", Kind.RANKER, order, target, item);
    addList("pipeline", Kind.PIPELINE, pipeline(moment, ranked, order), target, item);
  }

  /** The slate, then what the ranking had left over. */
  private int[] pipeline(Moment moment, Ranked ranked, int[] order) {
    Set<Integer> list = new LinkedHashSet<>();
    for (Placed placed :
        serving.rerankWithoutExploration(moment, ranked, RankMetrics.TOP).placed()) {
      list.add(placed.item());
    }
    for (int item : order) {
      list.add(item);
    }
    return list.stream().mapToInt(Integer::intValue).toArray();
  }

  private ItemScorer popularityModel() {
    return Objects.requireNonNull(simpleModels.get("popularity"), "release without linear models");
  }

  private static float[] scores(ItemScorer model, Moment moment, int size) {
    float[] known = new float[model.itemCount()];
    model.score(moment.choices().items(), moment.choices().timesMs(), moment.timeMs(), known);
    return known.length == size ? known : Arrays.copyOf(known, size);
  }

  private float[] week(long timeMs, int size) {
    if (weekCountedMs < 0 || Math.abs(timeMs - weekCountedMs) >= REFRESH_MS) {
      weekCounts = reader.itemCounts(7, timeMs);
      weekCountedMs = timeMs;
    }
    return weekCounts.length >= size ? weekCounts : Arrays.copyOf(weekCounts, size);
  }

  private void addScored(
      String model,
      float[] scores,
      float[] popularity,
      BitMask allowed,
      Split.Target target,
      int item) {
    Accumulator row = row(model, Kind.SIMPLE);
    int[] top = FullRanking.top(RankMetrics.TOP, scores, popularity, allowed);
    int rank =
        item < 0 || !allowed.get(item) ? -1 : FullRanking.rank(item, scores, popularity, allowed);
    row.metrics().add(target.userIndex(), rank, top);
  }

  private void addList(String model, Kind kind, int[] items, Split.Target target, int item) {
    int rank = -1;
    for (int i = 0; i < items.length && rank < 0; i++) {
      rank = items[i] == item ? i : -1;
    }
    row(model, kind).metrics().add(target.userIndex(), rank, items);
  }

  private Accumulator row(String model, Kind kind) {
    return rows.computeIfAbsent(
        model, _ -> new Accumulator(kind, new RankMetrics(users, new CatalogMeasures())));
  }

  /** Which items are allowed, asked once a request and item. */
  record BitMask(java.util.BitSet bits) {
    static BitMask of(ItemFilter filter, int size) {
      java.util.BitSet bits = new java.util.BitSet(size);
      for (int item = 0; item < size; item++) {
        bits.set(item, filter.allows(item));
      }
      return new BitMask(bits);
    }

    boolean get(int item) {
      return bits.get(item);
    }
  }

  /** Measures beyond accuracy over the catalogue as it is now. */
  private final class CatalogMeasures implements RankMetrics.Beyond {
    private final ItemScorer popularity = popularityModel();
    private final float[] counts = new float[popularity.itemCount()];
    private final double total;
    private final List<String> attributes = new ArrayList<>();

    CatalogMeasures() {
      popularity.score(new int[0], new long[0], 0, counts);
      double sum = 0;
      for (float count : counts) {
        sum += count;
      }
      this.total = sum;
      serving
          .itemAttributes()
          .forEach((name, type) -> {
            if (type == AttributeType.STRING || type == AttributeType.STRINGS) {
              attributes.add(name);
            }
          });
    }

    @Override
    public int catalogSize() {
      return reader.catalog().size();
    }

    @Override
    public double surprise(int item) {
      double count = item < counts.length ? counts[item] : 0;
      return -Math.log((count + 1) / (total + counts.length)) / Math.log(2);
    }

    /** Jaccard similarity of the items' categories over all attributes; 0 where there are none. */
    @Override
    public double similarity(int a, int b) {
      Set<String> ofA = categories(a);
      Set<String> ofB = categories(b);
      if (ofA.isEmpty() || ofB.isEmpty()) {
        return 0;
      }
      int common = 0;
      for (String category : ofA) {
        common += ofB.contains(category) ? 1 : 0;
      }
      return common / (double) (ofA.size() + ofB.size() - common);
    }

    private Set<String> categories(int item) {
      Catalog catalog = reader.catalog();
      Set<String> categories = new HashSet<>();
      for (String name : attributes) {
        AttributeValue value = catalog.attribute(item, name);
        if (value != null) {
          for (String category : value.categories()) {
            categories.add(name + "=" + category);
          }
        }
      }
      return categories;
    }
  }
}
