@NullMarked
package io.winnow.ranking.reranking;

import org.jspecify.annotations.NullMarked;
