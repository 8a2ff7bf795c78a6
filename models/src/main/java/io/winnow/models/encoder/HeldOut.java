package io.winnow.models.encoder;

import io.winnow.models.Interactions;
import io.winnow.models.network.Torch;
import io.winnow.models.network.TrainingGraph;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The latest event of those users whose latest event is the most recent: kept from training, to
 * decide when to stop. Measured against the whole catalogue, minus what the user had (unless the
 * event itself is a repetition).
 */
final class HeldOut {
  private static final int MAX_USERS = 1000;
  private static final int MIN_EVENTS = 3;
  private static final double MAX_SHARE_OF_USERS = 0.5;
  private static final double MAX_SHARE_OF_EVENTS = 0.05;
  private static final double MAX_SHARE_OF_NEWS = 0.1;
  private static final int USERS_A_STEP = 64;
  private static final int ITEMS_A_STEP = 4096;
  private static final int DEPTH = 10;

  private final Interactions interactions;
  private final int[] users;
  private final boolean[] isHeldOut;

  private HeldOut(Interactions interactions, int[] users) {
    this.interactions = interactions;
    this.users = users;
    this.isHeldOut = new boolean[interactions.userCount()];
    for (int user : users) {
      isHeldOut[user] = true;
    }
  }

  /**
   * Chooses the users: half of them at most, with a twentieth of all events at most. Of news, only
   * users who have any, with a tenth of the new events at most: what the previous training learnt
   * from says nothing of how this one does.
   */
  static HeldOut of(Interactions interactions, @Nullable News news) {
    int[] offsets = interactions.userOffsets();
    long[] byTime = new long[interactions.userCount()];
    Integer[] order = new Integer[interactions.userCount()];
    int eligible = 0;
    for (int user = 0; user < order.length; user++) {
      int length = offsets[user + 1] - offsets[user];
      if (length >= MIN_EVENTS && (news == null || length > news.known()[user])) {
        byTime[user] = interactions.timesMs()[offsets[user + 1] - 1];
        order[eligible++] = user;
      }
    }
    Integer[] sorted = Arrays.copyOf(order, eligible);
    Arrays.sort(sorted, (a, b) -> Long.compare(byTime[b], byTime[a]));
    double events =
        news == null
            ? interactions.size() * MAX_SHARE_OF_EVENTS
            : (interactions.size() - news.knownEvents()) * MAX_SHARE_OF_NEWS;
    double share = Math.min(eligible * MAX_SHARE_OF_USERS, events);
    int count = Math.min(MAX_USERS, (int) share);
    int[] users = new int[count];
    for (int i = 0; i < count; i++) {
      users[i] = sorted[i];
    }
    return new HeldOut(interactions, users);
  }

  /** How many users. */
  int size() {
    return users.length;
  }

  /** Where a user's events that may be trained on end. */
  int trainEnd(int user) {
    int end = interactions.userOffsets()[user + 1];
    return isHeldOut[user] ? end - 1 : end;
  }

  /** Mean NDCG@10; NaN without users. */
  double ndcg(Torch torch, EncoderNetwork network, float[] itemVectors, int width, int maxLength) {
    if (users.length == 0) {
      return Double.NaN;
    }
    float[] queries = new float[users.length * width];
    for (int from = 0; from < users.length; from += USERS_A_STEP) {
      int to = Math.min(users.length, from + USERS_A_STEP);
      float[] some = queries(torch, network, itemVectors, width, maxLength, from, to);
      System.arraycopy(some, 0, queries, from * width, some.length);
    }
    for (float query : queries) {
      if (!Float.isFinite(query)) {
        return 0; // What compares with nothing is behind everything.
      }
    }
    int[] better = ranks(torch, queries, itemVectors, width);
    double sum = 0;
    for (int rank : better) {
      sum += rank < DEPTH ? Math.log(2) / Math.log(rank + 2.0) : 0;
    }
    return sum / users.length;
  }

  private float[] queries(
      Torch torch,
      EncoderNetwork network,
      float[] itemVectors,
      int width,
      int maxLength,
      int from,
      int to) {
    int longest = 1;
    for (int u = from; u < to; u++) {
      longest = Math.max(longest, Math.min(maxLength, historyLength(u)));
    }
    int length = longest;
    float[] history = new float[(to - from) * length * width];
    int[] last = new int[to - from];
    for (int u = from; u < to; u++) {
      int end = trainEnd(users[u]);
      int read = Math.min(length, historyLength(u));
      for (int i = 0; i < read; i++) {
        int item = interactions.items()[end - read + i];
        int at = ((u - from) * length + i) * width;
        System.arraycopy(itemVectors, item * width, history, at, width);
      }
      last[u - from] = (u - from) * length + read - 1;
    }
    return torch.evaluate(
        new Torch.Loss() {
          @Override
          public <V> V of(TrainingGraph<V> g) {
            V every = network.train(g, g.data(history, to - from, length, width), length);
            return g.lookup(g.reshape(every, -1, width), g.indices(last, to - from));
          }
        });
  }

  private int historyLength(int u) {
    return trainEnd(users[u]) - interactions.userOffsets()[users[u]];
  }

  /** How many items each user's target is behind, shape (users). */
  private int[] ranks(Torch torch, float[] queries, float[] itemVectors, int width) {
    int n = interactions.itemCount();
    float[] targets = new float[users.length];
    int[] better = new int[users.length];
    for (int u = 0; u < users.length; u++) {
      int item = interactions.items()[trainEnd(users[u])];
      targets[u] = dot(queries, u, itemVectors, item, width);
    }
    for (int from = 0; from < n; from += ITEMS_A_STEP) {
      int size = Math.min(ITEMS_A_STEP, n - from);
      float[] slice = Arrays.copyOfRange(itemVectors, from * width, (from + size) * width);
      float[] scores = torch.evaluate(scores(queries, slice, size, width));
      for (int u = 0; u < users.length; u++) {
        for (int i = 0; i < size; i++) {
          better[u] += scores[u * size + i] > targets[u] ? 1 : 0;
        }
        better[u] -= excluded(scores, u, size, from, targets[u]);
      }
    }
    return better;
  }

  private Torch.Loss scores(float[] queries, float[] slice, int size, int width) {
    return new Torch.Loss() {
      @Override
      public <V> V of(TrainingGraph<V> g) {
        V items = g.transpose(g.data(slice, size, width), 1, 0);
        return g.matMul(g.data(queries, users.length, width), items);
      }
    };
  }

  /**
   * How many of the slice's items in front of the target do not count: the target, and had items.
   */
  private int excluded(float[] scores, int u, int size, int from, float target) {
    int start = interactions.userOffsets()[users[u]];
    int end = trainEnd(users[u]);
    int wanted = interactions.items()[end];
    int[] had = Arrays.copyOfRange(interactions.items(), start, end);
    Arrays.sort(had);
    boolean repetition = Arrays.binarySearch(had, wanted) >= 0;
    int count = isBefore(scores, u, size, from, wanted, target) ? 1 : 0;
    for (int i = 0; i < had.length && !repetition; i++) {
      boolean first = i == 0 || had[i] != had[i - 1];
      count += first && isBefore(scores, u, size, from, had[i], target) ? 1 : 0;
    }
    return count;
  }

  private static boolean isBefore(
      float[] scores, int u, int size, int from, int item, float target) {
    return item >= from && item < from + size && scores[u * size + item - from] > target;
  }

  private static float dot(float[] a, int rowA, float[] b, int rowB, int width) {
    float sum = 0;
    for (int e = 0; e < width; e++) {
      sum += a[rowA * width + e] * b[rowB * width + e];
    }
    return sum;
  }
}
