onmessage = async ({ data }) => {
  const quota = await (await fetch("/api/quota")).json();
  const total = data.reduce((all, post) => all + post.likes, 0);
  postMessage({ total, free: quota.limit - quota.used });
};
