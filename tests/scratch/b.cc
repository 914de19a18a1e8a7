#include <chrono>
#include <cstdio>
#include <unordered_map>
#include <algorithm>
#include "faultline/machine.h"
#include "faultline/trace.h"
#include "sim/base/prng.h"
#include "sim/reclaim/policy_table.h"
#include "sim/replay/run_machine.h"
using namespace faultline;
struct B { std::vector<uint64_t> pages; std::vector<PageRun> runs; std::unordered_map<uint64_t,uint32_t> ix; uint64_t acc=0;
 void add(uint64_t p, AccessKind k, uint32_t c){ auto [it,n]=ix.try_emplace(p,uint32_t(pages.size())); if(n)pages.push_back(p); uint32_t i=it->second; acc+=c; if(c&&!runs.empty()){auto&l=runs.back(); if(l.page()==i&&l.kind()==k&&l.count()&&l.count()<1023){l=PageRun::make(i,k,l.count()+1);return;}} runs.push_back(PageRun::make(i,k,c)); } };
#include <ctime>
static double now(){timespec t; clock_gettime(CLOCK_PROCESS_CPUTIME_ID,&t); return double(t.tv_sec)+double(t.tv_nsec)*1e-9;}
int main(int c,char**v){
  B b; std::string name=v[1];
  if(name=="gups"){ base::Prng r(1); for(int i=0;i<8000000;i++){uint64_t p=r.below(262144); b.add(p,AccessKind::kLoad,1); b.add(p,AccessKind::kStore,1);} }
  else if(name=="zipf"){ base::Prng r(1); for(int i=0;i<8000000;i++){ double u=double(r.next()>>11)/9007199254740992.0; uint64_t p=uint64_t(16384*u*u*u*u); b.add(p,AccessKind::kLoad,1);} }
  else { auto rd=open_trace({name},{}); for(;;){auto bl=(*rd)->next_block(); if(bl->end())break; for(auto&a:bl->accesses){uint64_t f=a.address.value>>12,l=(a.address.value+a.size_bytes-1)>>12; b.add(f,a.kind,1); if(l!=f)b.add(l,a.kind,0);} } }
  uint64_t frames=atoi(v[2]); 
  MachineOptions o{.policy=v[3],.contents=Contents::kNone,.unmapped=Unmapped::kMap}; if(frames)o.frames=frames; if(c>4)o.tlb.enabled=false;
  double best=1e9; Stats s;
  for(int i=0;i<3;i++){ auto p=reclaim::make_policy(o.policy,{.frames=frames}); replay::RunMachine m(o,std::move(*p)); double t=now(); 
   for(size_t at=0;at<b.runs.size();at+=65536) if(!m.replay({.pages=b.pages,.runs=std::span(b.runs).subspan(at,std::min<size_t>(65536,b.runs.size()-at))}))return 1;
   best=std::min(best,now()-t); s=m.stats(); }
  printf("%s frames %lu %s: acc %lu runs %zu (%.2f) pages %zu miss %lu: %.1f M acc/s %.2f ns/run %.1f ns/miss\n",v[1],frames,v[3],b.acc,b.runs.size(),double(b.runs.size())/double(b.acc),b.pages.size(),s.replacement.misses,double(b.acc)/best/1e6,best/double(b.runs.size())*1e9,best/double(s.replacement.misses)*1e9);
}
